"""Pickles that know which version of this package wrote them."""

from __future__ import annotations

import warnings
from typing import Any

VERSION = "0.1.0"
STAMP = "_reservoirs_version"


class ModelVersionWarning(UserWarning):
    """A pickle was written by another version of this package."""


class Stamped:
    """Stamps the pickles of an estimator with our version, and warns when they meet another."""

    def __getstate__(self) -> dict[str, Any]:
        state: Any = super().__getstate__()
        return {**(state or {}), STAMP: VERSION}

    def __setstate__(self, state: dict[str, Any]) -> None:
        state = dict(state)
        written = state.pop(STAMP, "an older version")
        if written != VERSION:
            warnings.warn(
                f"{type(self).__name__} was pickled by reservoirs {written}, this is {VERSION}; "
                "predictions may differ or fail: fit again, or keep models with reservoirs.save, "
                "whose files have a format version of their own",
                ModelVersionWarning,
                stacklevel=2,
            )
        self.__dict__.update(state)
