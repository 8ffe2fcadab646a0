"""The command `reservoirs-bench`.

Exit codes: 0 all well, 1 a cell failed, 2 bad usage, 3 a regression, 130 interrupted.
"""

from benchmarks.cli.main import main

__all__ = ["main"]
