"""The command `reservoirs-bench`, which is `python -m benchmarks`.

Every cell's process imports the command's module again, so this one leaves the rest until it runs.
"""

import sys


def main() -> int:
    """Run the command line and return the exit code."""
    try:
        from benchmarks import cli

        return cli.main()
    except KeyboardInterrupt:  # while the libraries were loaded
        sys.stderr.write("interrupted; the same command goes on where this one stopped\n")
        return 130


if __name__ == "__main__":
    sys.exit(main())
