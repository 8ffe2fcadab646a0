"""Fork while another thread works, in a process of its own, and see whether the child ends."""

import subprocess
import sys
import textwrap

SCRIPT = """
import os, signal, threading, time, warnings
warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.12 warns of every such fork

{setup}

def work():
    while not done.is_set():
{thread}
def child():
{child}
done = threading.Event()
worker = threading.Thread(target=work)
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


def a_child_fails(*, setup, thread, child, n_forks):
    """Tell whether a child of a fork failed or hung that was made while a thread was working."""
    script = SCRIPT.format(
        setup=textwrap.dedent(setup),
        thread=textwrap.indent(textwrap.dedent(thread), " " * 8),
        child=textwrap.indent(textwrap.dedent(child), " " * 4),
        n_forks=n_forks,
    )
    answer = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=True
    )
    return answer.stdout != "failed 0\n"
