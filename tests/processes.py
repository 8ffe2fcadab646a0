"""Which processes of a session, or children of a process, still run."""

from pathlib import Path

PARENT, SESSION = 1, 3  # fields of /proc/PID/stat behind the state, which is the first


def session(leader):
    """Return the processes of a session that still run."""
    return _running(SESSION, leader)


def children(parent):
    """Return the children of a process that still run."""
    return _running(PARENT, parent)


def _running(field, number):
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rsplit(")", 1)[1].split()
        except OSError:  # ended meanwhile
            continue
        if int(fields[field]) == number and fields[0] != "Z":
            found.append(int(path.parent.name))
    return found
