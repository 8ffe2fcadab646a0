"""Solvers and the loop over epochs."""
