"""Suites, and the processes that run their cells."""
