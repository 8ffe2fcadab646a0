"""Loops that numba compiles, and the memory layout they read."""
