"""The fields of a record and their types, checked before anything reads them."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping

from benchmarks.tasks.names import NAME

STATUSES = ("ok", "diverged", "skipped", "error", "memory", "timeout", "killed")
LATEST = 4e9  # seconds since 1970, in the year 2096
LONGEST_NAME = 100
Check = Callable[[object], bool]


def _is_number(value: object) -> bool:
    # whole numbers of any length are JSON, but not numbers that can be drawn
    whole = isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**300
    return whole or isinstance(value, float)


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_name(value: object) -> bool:
    return isinstance(value, str) and NAME.fullmatch(value) is not None


def _is_key(value: object) -> bool:
    return isinstance(value, str) and re.fullmatch("[0-9a-f]{4,64}", value) is not None


def _is_dict_of(check: Check) -> Check:
    def holds(value: object) -> bool:
        return isinstance(value, dict) and all(
            len(name) <= LONGEST_NAME and check(item) for name, item in value.items()
        )

    return holds


def _is_search(value: object) -> bool:
    return value is None or (
        isinstance(value, dict) and all(_is_number(value.get(k)) for k in ("score", "seconds"))
    )


def _is_provenance(value: object) -> bool:
    if not isinstance(value, dict) or not all(_is_plain(item) for item in value.values()):
        return False
    started = value.get("started", 0.0)
    return _is_number(started) and math.isfinite(started) and 0 <= started <= LATEST


def _is_plain(value: object) -> bool:
    return value is None or isinstance(value, str | int | float)


REQUIRED: Mapping[str, tuple[Check, str]] = {
    "schema": (_is_count, "a whole number"),
    "key": (_is_key, "a hexadecimal hash"),
    "task": (_is_name, "a name"),
    "task_version": (_is_count, "a whole number"),
    "method": (_is_name, "a name"),
    "settings": (lambda value: isinstance(value, dict), "an object"),
    "seed": (_is_count, "a whole number"),
    "track": (_is_text, "text"),
    "status": (lambda value: value in STATUSES, f"one of {', '.join(STATUSES)}"),
    "reason": (_is_text, "text"),
}
OPTIONAL: Mapping[str, tuple[Check, str]] = {
    "search": (_is_search, "null, or an object with the numbers score and seconds"),
    "tail": (lambda value: isinstance(value, list) and all(map(_is_text, value)), "lines of text"),
    "metrics": (
        _is_dict_of(lambda value: value is None or _is_number(value)),
        "an object of numbers",
    ),
    "costs": (_is_dict_of(_is_number), "an object of numbers"),
    "provenance": (_is_provenance, "an object of text and numbers, started a time"),
    "t_total": (_is_number, "a number"),
    "cpu_s": (_is_number, "a number"),
    "peak_mem_mb": (_is_number, "a number"),
}


def find_fault(content: object) -> str:
    """Return what is wrong with the content of a record's file.

    The answer names the field, what it must be and what it is; "" for a record that is whole.
    """
    if not isinstance(content, dict):
        return f"it holds a {type(content).__name__}, not an object"
    for name, (check, what) in {**REQUIRED, **OPTIONAL}.items():
        if name not in content:
            if name in REQUIRED:
                return f"it lacks {name}"
        elif not check(content[name]):
            return f"{name} must be {what}, got {str(content[name])[:60]!r}"
    return ""
