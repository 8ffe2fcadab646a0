"""Settings of a solver, a start or a cell that is given by its name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Self

from sklearn.base import BaseEstimator

from reservoirs.suggestions import SuggestingMixin
from trainers.network.cells import CELLS
from trainers.network.initialization import INITS, ESNInit
from trainers.training.solvers import SOLVERS

PARTS: dict[str, Mapping[str, Callable[[], object]]] = {
    "cell": {name: type(cell) for name, cell in CELLS.items() if isinstance(cell, BaseEstimator)},
    "solver": SOLVERS,
    "init": {name: type(init) for name, init in INITS.items() if isinstance(init, ESNInit)},
}


class NamedPartsMixin(SuggestingMixin):
    """`set_params` makes of a name the object whose settings are asked for."""

    def set_params(self, **params: object) -> Self:
        """Set parameters, also those of nested objects as `<component>__<parameter>`.

        A solver that is given by its name, init="esn" or cell="cornn" takes settings too: the name
        is replaced by the object that it stands for.

        Parameters
        ----------
        **params : dict
            Parameters by name, such as `solver__learning_rate`.

        Returns
        -------
        estimator
            The object itself.

        Raises
        ------
        ValueError
            For a parameter that it, or the object inside, does not have.
        """
        for head, objects in PARTS.items():
            part = params.get(head, getattr(self, head))
            nested = any(name.startswith(f"{head}__") for name in params)
            if nested and isinstance(part, str) and part in objects:
                params[head] = objects[part]()
        return super().set_params(**params)
