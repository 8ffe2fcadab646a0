"""The base of this package's torch optimizers: parameter groups whose settings are checked."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from math import inf, isfinite
from numbers import Real
from typing import Any, ClassVar

import torch
from torch import Tensor

from reservoirs.suggestions import suggest

Rule = tuple[Callable[[float], bool], str]  # whether a number is allowed, and which ones are

NOT_NEGATIVE: Rule = (lambda x: 0 <= x < inf, "at least 0 and finite")
POSITIVE: Rule = (lambda x: 0 < x < inf, "positive and finite")
SHARE: Rule = (lambda x: 0 <= x < 1, "in [0, 1)")
COUNT: Rule = (lambda x: 1 <= x < inf and x == int(x), "an integer of at least 1")

# Keys that torch and its schedulers write into a group, and the name that tools show for it.
FOREIGN_KEYS = frozenset(
    ("params", "param_names", "name", "initial_lr", "max_lr", "min_lr", "swa_lr")
    + ("max_momentum", "base_momentum", "differentiable")
)


def to_number(name: str, value: object) -> float:
    """Return a setting as a number.

    It may be a real number or a tensor of one element.

    Raises
    ------
    TypeError
        For anything else.
    ValueError
        For a tensor of more or fewer elements.
    """
    if type(value) is float:  # nearly always, and at every step
        return value
    if isinstance(value, Tensor):
        if value.numel() != 1:
            raise ValueError(f"{name} as a tensor must have one element, got {value.numel()}")
        return float(value.detach())
    if not isinstance(value, Real):
        raise TypeError(f"{name} must be a number, got {value!r}")
    return float(value)


class CheckedOptimizer(torch.optim.Optimizer):
    """An optimizer of torch that refuses settings that are misspelt or out of range.

    A subclass names its numbers in `rules`, its switches in `switches`, and in `attributes` what a
    copy or a pickle takes along besides torch's own.
    """

    rules: ClassVar[dict[str, Rule]]
    switches: ClassVar[tuple[str, ...]]
    attributes: ClassVar[tuple[str, ...]] = ()
    state_key: ClassVar[str]  # what the state of every parameter has after a step

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Add a group of parameters, with settings of its own or those of the constructor.

        Parameters
        ----------
        param_group : dict
            The parameters under "params", and settings.

        Raises
        ------
        TypeError
            For a setting that the optimizer does not have, or one of the wrong type.
        ValueError
            For a setting out of its range.
        """
        if not isinstance(param_group, Mapping):
            super().add_param_group(param_group)  # which refuses it
        unknown = [k for k in param_group if k not in self.defaults and k not in FOREIGN_KEYS]
        if unknown:
            raise TypeError(
                f"{type(self).__name__} has no setting {unknown[0]!r} of a parameter group"
                + suggest(str(unknown[0]), sorted(self.defaults))
            )
        settings = self._checked_settings({**self.defaults, **param_group})
        super().add_param_group(param_group)
        try:
            self._check_parameters(self.param_groups[-1]["params"])
        except Exception:
            self.param_groups.pop()
            raise
        self.param_groups[-1].update(settings)

    def _check_parameters(self, parameters: list[Tensor]) -> None:
        """Refuse parameters that the optimizer cannot train."""

    def _checked_settings(self, group: dict[str, Any]) -> dict[str, Any]:
        """Return the settings of a group as plain numbers and switches, once they are checked.

        What a state dict holds must be loaded by torch.load(weights_only=True), so that scalars of
        NumPy become numbers of Python. A learning rate stays a tensor, which schedulers fill.

        Raises
        ------
        ValueError
            For a setting out of its range.
        """
        settings: dict[str, Any] = {}
        for name in self.rules:
            self._check_number(name, group[name])
            number = to_number(name, group[name])
            settings[name] = int(number) if self.rules[name] is COUNT else number
        if isinstance(group["lr"], Tensor):
            settings["lr"] = group["lr"]
        for name in self.switches:
            if not isinstance(group[name], Hashable) or group[name] not in (True, False):
                raise ValueError(f"{name} must be True or False, got {group[name]!r}")
            settings[name] = bool(group[name])
        return settings

    def _check_number(self, name: str, value: object) -> None:
        allowed, words = self.rules[name]
        if not allowed(to_number(name, value)):
            raise ValueError(f"{name} must be {words}, got {value}")

    def check_groups(self) -> None:
        """Refuse settings that were written into the groups after their making.

        Raises
        ------
        ValueError
            For a setting out of its range.
        """
        for group in self.param_groups:
            for name, (allowed, words) in self.rules.items():
                number = to_number(name, group[name])
                # A scheduler may end a rounding error below zero, as torch's linear one does.
                if not (allowed(number) or (name == "lr" and -1e-9 < number < 0)):
                    raise ValueError(f"{name} must be {words}, got {number}")

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), **{name: getattr(self, name) for name in self.attributes}}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Take over a state: settings that it lacks stay as they are, and all are checked."""
        defaults = state.get("defaults", self.__dict__.get("defaults", {}))
        groups = state.get("param_groups", [])
        before = self.__dict__.get("param_groups", [{}] * len(groups))
        for old, new in zip(before, groups, strict=True):
            for name in defaults:
                new.setdefault(name, old.get(name, defaults[name]))
            new.update(self._checked_settings(new))
        for p, entry in state.get("state", {}).items():
            if entry and self.state_key not in entry:
                raise ValueError(
                    f"this is not the state of a {type(self).__name__}: it has "
                    f"{', '.join(map(repr, entry))} and lacks {self.state_key!r}"
                )
            if entry and isinstance(p, Tensor) and entry[self.state_key].shape != p.shape:
                raise ValueError(
                    f"this is the state of another model: a {self.state_key} of shape "
                    f"{tuple(entry[self.state_key].shape)} for a parameter of shape "
                    f"{tuple(p.shape)}"
                )
        super().__setstate__(state)


def check_finite(name: str, value: float | Tensor, cause: str) -> None:
    """Refuse a number or a tensor that is NaN or infinite.

    A tensor may be dense or sparse; `cause` says what to do about it.

    Raises
    ------
    FloatingPointError
        If it is not finite.
    """
    if isinstance(value, Tensor):
        values = value.coalesce().values() if value.layout == torch.sparse_coo else value
        # A finite sum has finite terms, and takes a tenth of the time of a look at each of them.
        if isfinite(abs(values.sum().item())) or bool(torch.isfinite(values).all()):
            return
        shown = "NaN or infinite"
    elif isfinite(value):
        return
    else:
        shown = str(value)
    raise FloatingPointError(f"{name} is {shown}; the parameters are left as they are. {cause}")
