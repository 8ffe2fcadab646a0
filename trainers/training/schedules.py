"""The course of the learning rate over the epochs, as a factor of it."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil, cos, pi

WARM_UP = 0.1  # share of the epochs, at least one
DROP = 0.5  # factor at the end of a plateau
IMPROVED = 1e-4  # relative fall of the loss that ends none


def _cosine(epoch: int, n_epochs: int) -> float:
    """Return (1 + cos(pi e / n)) / 2, from 1 down to nearly 0."""
    return 0.5 * (1.0 + cos(pi * epoch / n_epochs))


def _warmup_cosine(epoch: int, n_epochs: int) -> float:
    """Return a line up to 1 over the first tenth of the epochs, and the cosine over the rest."""
    n_warm = ceil(WARM_UP * n_epochs)
    if epoch < n_warm:
        return (epoch + 1) / (n_warm + 1)
    return _cosine(epoch - n_warm, n_epochs - n_warm)


COURSES: dict[str, Callable[[int, int], float]] = {
    "constant": lambda epoch, n_epochs: 1.0,
    "cosine": _cosine,
    "warmup_cosine": _warmup_cosine,
    "plateau": lambda epoch, n_epochs: 1.0,  # falls by what `observe` sees
}


class Schedule:
    """The factor of the learning rate in the epoch that comes.

    A course lasts `n_epochs`; after it the next begins. That of "plateau" is halved whenever the
    loss has not improved for `patience` epochs.

    References
    ----------
    Loshchilov & Hutter (2017), SGDR: stochastic gradient descent with warm restarts, eq. 5.
    """

    def __init__(self, name: str = "constant", n_epochs: int = 1, patience: int = 1) -> None:
        self.name, self.n_epochs, self.patience = name, n_epochs, patience
        self.epoch, self.level, self.best, self.n_since = 0, 1.0, float("inf"), 0

    @property
    def factor(self) -> float:
        """What the learning rate is multiplied by now."""
        return self.level * COURSES[self.name](self.epoch, self.n_epochs)

    def observe(self, loss: float) -> None:
        """Go on to the next epoch, after the one that ended with this loss."""
        self.epoch = (self.epoch + 1) % self.n_epochs
        if self.name != "plateau":
            return
        improved = self.best - loss > IMPROVED * abs(loss)
        self.best, self.n_since = min(self.best, loss), 0 if improved else self.n_since + 1
        if self.n_since >= self.patience:
            self.level, self.n_since = DROP * self.level, 0

    def state(self) -> dict[str, float | int | str]:
        """Return what resuming needs."""
        names = ("name", "epoch", "n_epochs", "level", "best", "n_since")
        return {name: getattr(self, name) for name in names}

    def resume(self, state: dict[str, float | int | str]) -> None:
        """Go on from a state: inside the course that was not over, else with the next one.

        A state of another schedule leaves this at its beginning.
        """
        if state["name"] != self.name:
            return
        for name in ("level", "best", "n_since"):
            setattr(self, name, state[name])
        if state["epoch"]:
            self.epoch, self.n_epochs = int(state["epoch"]), int(state["n_epochs"])
