"""Which parameter was meant by a name that a class does not have."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from functools import wraps
from typing import Any, Self, TypeVar

Kind = TypeVar("Kind", bound=type)

# Words of other libraries for each of our parameters, as docs/moving.md lists them; of a word for
# several the class takes the one that it has.
WORDS = {
    "n_units": "units size reservoir_size n_reservoir hidden_layer_size hidden_size n_hidden nodes",
    "spectral_radius": "sr rho",
    "leak_rate": "lr leakage leaky leaking_rate",
    "learning_rate": "lr eta learning_rate_init",
    "lr": "learning_rate eta",
    "input_scaling": "Win",
    "bias_scaling": "bias",
    "mixing": "es2n proximity",
    "degree": "rc_connectivity connectivity density sparsity order",
    "topology": "W",
    "rewiring": "p",
    "alpha": "ridge reg regularization l2 beta lambda_ tikhonov",
    "noise": "noise_rc",
    "washout": "warmup transient n_transient discard",
    "random_state": "seed rng random_seed",
    "n_delays": "delay delays k lags",
    "stride": "strides s skip",
    "max_iter": "epochs n_epochs max_epochs num_epochs iterations",
    "n_layers": "layers num_layers",
    "activation": "nonlinearity",
    "solver": "optimizer optim",
    "batch_size": "bs minibatch_size",
    "clip_norm": "clip max_norm max_grad_norm gradient_clip_val",
    "n_iter_no_change": "patience",
    "window": "lookback input_chunk_length sequence_length seq_len",
    "truncation": "bptt tbptt_steps",
    "momentum": "mu beta",
    "loss": "criterion loss_fn objective",
    "quantiles": "q",
    "weight_decay": "wd decay",
    "dropout": "drop dropout_rate",
    "schedule": "scheduler lr_scheduler",
}


def suggest(name: str, known: Sequence[str]) -> str:
    """Return what to say after a name that is none of the known ones.

    That is the likely one as a question, or all of them.
    """
    return _question(name, known) or f"; it has {', '.join(known)}"


def _question(name: str, known: Sequence[str]) -> str:
    likely = [own for own in known if name in WORDS.get(own, "").split()]
    likely += get_close_matches(name.lower(), known, 1)
    return f"; did you mean {likely[0]!r}?" if likely else ""


def suggest_parameters(kind: Kind) -> Kind:
    """Let the constructor of a class name the parameter that was meant by an unknown one.

    Of its constructor only the message changes.
    """
    kind.__init__ = _suggesting(kind.__init__)  # type: ignore[misc] # the same signature
    return kind


def _suggesting(init: Callable[..., None]) -> Callable[..., None]:
    @wraps(init)
    def __init__(self: object, *args: object, **kwargs: object) -> None:
        try:
            init(self, *args, **kwargs)
        except TypeError:  # one of the call itself is told from those inside by its names alone
            message = _mistake(type(self).__name__, init, args, kwargs)
            if message is None:
                raise
            raise TypeError(message) from None

    return __init__


def _mistake(
    owner: str, init: Callable[..., None], args: tuple[object, ...], kwargs: dict[str, object]
) -> str | None:
    """Return what is wrong with the names of a call; None if nothing is."""
    _, *parameters = inspect.signature(init).parameters.values()
    if any(p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD) for p in parameters):
        return None
    names = [p.name for p in parameters]
    unknown = next((name for name in kwargs if name not in names), None)
    if unknown is not None:
        return f"{owner}() has no parameter {unknown!r}{suggest(unknown, names)}"
    by_name = [p.name for p in parameters if p.kind is p.KEYWORD_ONLY]
    n_positional = len(names) - len(by_name)
    if len(args) <= n_positional:
        return None
    example = f", as in {owner}({by_name[0]}=...)" if by_name else ""
    return (
        f"{owner}() takes {n_positional or 'no'} argument(s) by position, got {len(args)}; pass "
        f"the others by name{example}"
    )


class SuggestingMixin:
    """Constructor and `set_params` name the parameter that was meant by an unknown one."""

    def __init_subclass__(cls, **kwargs: Any) -> None:  # noqa: ANN401 - handed on as they are
        super().__init_subclass__(**kwargs)
        if "__init__" in cls.__dict__:
            suggest_parameters(cls)

    def set_params(self, **params: object) -> Self:
        """Set parameters, also those of nested objects as `<component>__<parameter>`.

        Parameters
        ----------
        **params : dict
            Parameters by name.

        Returns
        -------
        estimator
            The object itself.

        Raises
        ------
        ValueError
            For a parameter that it does not have.
        """
        known: list[str] = type(self)._get_param_names()  # type: ignore[attr-defined]
        for name in params:
            head, _, inner = name.partition("__")
            part = params.get(head, getattr(self, head, None))
            if inner and head in known and not hasattr(part, "set_params"):
                raise ValueError(
                    f"Invalid parameter {name!r}: {head}={part!r} has no parameters "
                    f"of its own; set {head} to an object that has, first"
                )
        try:
            return super().set_params(**params)  # type: ignore[misc]
        except ValueError as error:
            unknown = next(
                (n for n in (p.partition("__")[0] for p in params) if n not in known), ""
            )
            if not unknown:
                raise
            raise ValueError(f"{error}".rstrip(".") + _question(unknown, known)) from None
