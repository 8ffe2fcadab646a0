"""Fork while another thread works, in a process of its own, and see whether the child ends."""

import subprocess
import sys
import textwrap

BEGINNING = """
import os, signal, threading, time, warnings
warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.12 warns of every such fork
"""
ROUND = """
{setup}

def work(done):
    while not done.is_set():
{thread}
def child():
{child}
done = threading.Event()
worker = threading.Thread(target=work, args=[done])
child()  # compiled and loaded before the first fork
worker.start()
failed = 0
for i in range({n_forks}):
    time.sleep(0.003 + 0.002 * i)
    process = os.fork()
    if not process:
        signal.alarm(20)  # ends a child that hangs
        try:
            child()
        except BaseException:
            os._exit(1)
        os._exit(0)
    failed += os.waitpid(process, 0)[1] != 0
    if failed:
        break
done.set()
worker.join()
print("failed", failed)
"""


def failed_children(*rounds):
    """Return how many children of forks failed or hung, made while a thread was working.

    Each round has its own setup, work of the thread and of the child, and number of forks; all
    share a process, since loading the libraries takes most of the time.
    """
    script = BEGINNING + "".join(
        ROUND.format(
            setup=textwrap.dedent(setup),
            thread=textwrap.indent(textwrap.dedent(thread), " " * 8),
            child=textwrap.indent(textwrap.dedent(child), " " * 4),
            n_forks=n_forks,
        )
        for setup, thread, child, n_forks in rounds
    )
    answer = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=180, check=True
    )
    return [int(line.removeprefix("failed ")) for line in answer.stdout.splitlines()]
