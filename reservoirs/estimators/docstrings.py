"""Parameters that many docstrings need are written once and inserted where a signature has them."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from typing import TypeVar

Documented = TypeVar("Documented", bound=Callable[..., object])

SERIES = """Arguments that most methods of all estimators take.

Parameters
----------
X : array-like, list of arrays or DataFrame
    Any container of series: one series (n_steps, n_features), a list of such arrays, a 3-D array
    (n_series, n_steps, n_features), or a DataFrame.
y : array-like, list of arrays or DataFrame
    Targets: one row per row of X in the same container, or one target per series.
series_id : array-like of shape (n_rows,), default=None
    The series that each row of a 2-D X belongs to; the rows of a series are contiguous.
sample_weight : array-like of shape (n_rows,), default=None
    Weights of the rows in the score.
context : array-like of shape (n_context, n_features) or list of arrays, default=None
    Rows just before X, run first and not returned; one array per series of X.
initial_state : array-like of shape (state_size,) or (n_series, state_size), or str, default=None
    State before the first row, of the context where there is one, or a word that the estimator
    knows; None takes the estimator's own rule.
"""


def inherit_parameters(
    *sources: object, section: str = "Parameters"
) -> Callable[[Documented], Documented]:
    """Insert the entries that a docstring lacks from the docstrings of others.

    Only arguments that the signature has are inserted, in the order of the signature; an entry of
    the docstring's own comes before those of the sources, an earlier source before a later one.

    Sources are documented classes and functions, or docstrings. The section that is completed is
    added where it is missing.
    """

    def decorate(target: Documented) -> Documented:
        own = inspect.getdoc(target) if target.__doc__ else None
        if own is None:  # python -OO strips docstrings
            return target
        # the docstring's own entries first, so that they win over inherited ones
        texts = [s if isinstance(s, str) else inspect.getdoc(s) or "" for s in sources]
        entries: dict[str, str] = {}
        for text in (own, *texts):
            for name, entry in _entries(text, section).items():
                entries.setdefault(name, entry)
        names = [name for name in inspect.signature(target).parameters if name in entries]
        text = _replaced(own, section, "\n".join(entries[name] for name in names))
        target.__doc__ = text.rstrip() + "\n"  # numpydoc wants the closing quotes on their own line
        return target

    return decorate


def _bounds(text: str, section: str) -> tuple[int, int] | None:
    """Return where the body of a section starts and ends."""
    start = re.search(rf"^{section}\n-+\n", text, re.MULTILINE)
    if start is None:
        return None
    after = re.compile(r"\n\n(?=[A-Z][A-Za-z ]+\n-{3,}$)|\Z", re.MULTILINE)
    following = after.search(text, start.end())
    return start.end(), following.start() if following else len(text)


def _entries(text: str, section: str) -> dict[str, str]:
    """Return the entries of a section by the name of their parameter."""
    text = inspect.cleandoc(text)
    bounds = _bounds(text, section)
    if bounds is None:
        return {}
    blocks = re.split(r"\n(?=\S)", text[slice(*bounds)].strip("\n"))
    return {re.split(r"\s*:", block)[0].lstrip("*"): block for block in blocks}


def _replaced(text: str, section: str, body: str) -> str:
    """Return a docstring with another body of a section, which goes before all others if new."""
    bounds = _bounds(text, section)
    if bounds is not None:
        return text[: bounds[0]] + body + text[bounds[1] :]
    heading = f"{section}\n{'-' * len(section)}\n{body}"
    first = re.search(r"^[A-Z][A-Za-z ]+\n-{3,}$", text, re.MULTILINE)
    if first is None:
        return f"{text}\n\n{heading}\n"
    return f"{text[: first.start()]}{heading}\n\n{text[first.start() :]}"
