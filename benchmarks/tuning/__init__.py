"""Equal searches for every method, their stored results, and the study of the defaults."""
