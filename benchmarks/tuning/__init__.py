"""The equal search of every method, and the study of the defaults."""
