"""The command `reservoirs-bench`, which is `python -m benchmarks`.

Every cell's process imports the command's module again, so this one leaves the rest until it runs.
"""

import sys


def main() -> int:
    """Run the command line and return the exit code."""
    from benchmarks import cli

    return cli.main()


if __name__ == "__main__":
    sys.exit(main())
