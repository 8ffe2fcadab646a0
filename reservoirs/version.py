"""The version of this package: what pickles know of it, and where its documentation stands."""

from __future__ import annotations

import warnings
from typing import Any, ClassVar

VERSION = "0.2.0.dev0"
STAMP = "_reservoirs_version"
DOCUMENTATION = "https://reservoirs.readthedocs.io/en/stable"


class ModelVersionWarning(UserWarning):
    """A pickle was written by another version of this package.

    See Also
    --------
    reservoirs.save : Write a file that later versions read.

    Examples
    --------
    >>> import warnings
    >>> from reservoirs.persistence import ModelVersionWarning
    >>> warnings.simplefilter("error", ModelVersionWarning)
    """


class Documented:
    """Links the HTML display of scikit-learn to the page of a class in our documentation.

    Attributes
    ----------
    _public_module : str or None
        The module that users import the class from, where it is not the package itself.
    """

    _public_module: ClassVar[str | None] = None

    @property
    def _doc_link_module(self) -> str:
        """The package; scikit-learn links only classes that were defined in it."""
        package = type(self).__module__.split(".")[0]
        return package if package == "trainers" else "reservoirs"

    @property
    def _doc_link_template(self) -> str:
        """The address of the page that docs/api.rst generates."""
        module = self._public_module or self._doc_link_module
        return f"{DOCUMENTATION}/generated/{module}.{type(self).__name__}.html"


class Stamped(Documented):
    """Stamps the pickles of an estimator with our version, and warns when they meet another.

    See Also
    --------
    ModelVersionWarning : The warning.

    Examples
    --------
    >>> import pickle
    >>> from reservoirs import ESNRegressor
    >>> pickle.loads(pickle.dumps(ESNRegressor(n_units=50)))
    ESNRegressor(n_units=50)
    """

    def __getstate__(self) -> dict[str, Any]:
        state: Any = super().__getstate__()
        return {**(state or {}), STAMP: VERSION}

    def __setstate__(self, state: dict[str, Any]) -> None:
        state = dict(state)
        written_by = state.pop(STAMP, "an older version")
        if written_by != VERSION:
            warnings.warn(
                f"{type(self).__name__} was pickled by reservoirs {written_by}, this is {VERSION}; "
                "predictions may differ or fail: fit again, or keep models with reservoirs.save, "
                "whose files have a format version of their own",
                ModelVersionWarning,
                stacklevel=2,
            )
        self.__dict__.update(state)
