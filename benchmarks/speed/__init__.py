"""Our calls and parts, timed against other libraries."""
