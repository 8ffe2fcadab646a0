"""The command `reservoirs-bench`, which is `python -m benchmarks`.

Every cell's process imports the command's module again, so this one leaves the rest until it runs.
"""

import os
import signal
import sys

INTERRUPTED = "interrupted; the same command goes on where this one stopped\n"


def _stop(*_: object) -> None:
    os.write(2, INTERRUPTED.encode())
    os._exit(130)


def main() -> int:
    """Run the command line and return the exit code."""
    try:
        # a library that is loaded may make an error of its own of a KeyboardInterrupt
        waiting = signal.getsignal(signal.SIGINT) is signal.default_int_handler
        if waiting:
            signal.signal(signal.SIGINT, _stop)
        from benchmarks import cli

        if waiting:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        return cli.main()
    except KeyboardInterrupt:  # before the command line has begun
        sys.stderr.write(INTERRUPTED)
        return 130


if __name__ == "__main__":
    sys.exit(main())
