"""Reservoir: the transformer from a series to the states of a fixed random recurrent network."""

from __future__ import annotations

from collections.abc import Iterator
from numbers import Integral, Real
from typing import Any, ClassVar, Self
from weakref import WeakKeyDictionary

import numpy as np
from scipy.sparse import issparse
from sklearn.base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    _fit_context,
)
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from reservoirs import topology
from reservoirs.compiled.storage import PackedWeights, pack_weights
from reservoirs.estimators.ranges import KeysOf
from reservoirs.parallel import in_order
from reservoirs.readout import BLOCK
from reservoirs.sequences import Array, check_rows, restore
from reservoirs.version import Stamped

SETTINGS: dict[str, list[Any]] = {
    "n_units": [Interval(Integral, 1, None, closed="left")],
    "spectral_radius": [Interval(Real, 0, None, closed="left")],
    "leak_rate": [Interval(Real, 0, 1, closed="right")],
    "input_scaling": [Interval(Real, 0, None, closed="left"), "array-like", "sparse matrix"],
    "bias_scaling": [Interval(Real, 0, None, closed="left"), "array-like"],
    "degree": [Interval(Integral, 1, None, closed="left")],
    "topology": [KeysOf(topology.TOPOLOGIES), callable, "array-like", "sparse matrix"],
    "activation": [StrOptions({"tanh", "identity"})],
    "dtype": [StrOptions({"float64", "float32"})],
    "n_jobs": [Integral, None],
    "random_state": ["random_state"],
}
STATES_PER_CALL = 2**21  # of a compiled loop in `transform`, which Ctrl-C waits for: some 10 ms
# Packed weights, kept only for read-only arrays, so that none can change behind a packed copy.
_PACKED: WeakKeyDictionary[Any, Any] = WeakKeyDictionary()


def seed_streams(random_state: Any) -> list[np.random.SeedSequence]:
    """Return independent seed streams for W, W_in, the bias and the noise.

    Parameters
    ----------
    random_state : None, an integer or a RandomState, as everywhere in scikit-learn
    """
    seed = check_random_state(random_state).randint(np.iinfo(np.int32).max)
    return np.random.SeedSequence(seed).spawn(4)


class Reservoir(Stamped, ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """Map series to the states of a random recurrent network that is never trained.

    x[t] = (1 - a) x[t-1] + a f(W x[t-1] + W_in u[t] + b), f = tanh

    Every series starts from the zero state; its rows never touch another series.

    Parameters
    ----------
    n_units : N, the number of recurrent units
    spectral_radius : largest absolute eigenvalue of W
    leak_rate : a in (0, 1], the share of the state replaced per step; 1 is no leak
    input_scaling : W_in is uniform in [-s, s]; a number, or one per feature (n_features,). A matrix
        (n_units, n_features), dense or sparse, is W_in itself
    bias_scaling : b is uniform in [-s, s]; a vector (n_units,) is b itself
    degree : nonzeros per row of W, where the topology has a choice
    topology : "random", "shifts", "cycle", "delay_line", "permutation", "orthogonal",
        "small_world" or a `topology.SmallWorld`. A matrix (n_units, n_units), dense or sparse, is W
        itself, used as it is
    activation : f, "tanh", or "identity" for a linear reservoir
    dtype : "float64" or "float32", of weights and states
    n_jobs : series at a time in `transform`, in threads; None is 1
    random_state : seed of W, W_in and b, each from its own stream

    Attributes
    ----------
    recurrent_weights_ : (n_units, n_units) sparse W
    input_weights_ : (n_units, n_features) W_in
    bias_ : (n_units,) b
    n_features_in_ : number of features

    Notes
    -----
    The drawn arrays are read-only; assign new ones to change them.

    References
    ----------
    Lukosevicius (2012), A practical guide to applying echo state networks, eqs. 2-3.
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = SETTINGS

    def __init__(
        self,
        *,
        n_units: int = 500,
        spectral_radius: float = 1.0,
        leak_rate: float = 0.7,
        input_scaling: Any = 0.2,
        bias_scaling: Any = 1.5,
        degree: int = 10,
        topology: Any = "random",
        activation: str = "tanh",
        dtype: str = "float64",
        n_jobs: int | None = None,
        random_state: Any = None,
    ) -> None:
        self.n_units = n_units
        self.spectral_radius = spectral_radius
        self.leak_rate = leak_rate
        self.input_scaling = input_scaling
        self.bias_scaling = bias_scaling
        self.degree = degree
        self.topology = topology
        self.activation = activation
        self.dtype = dtype
        self.n_jobs = n_jobs
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any = None, *, series_id: Any = None) -> Self:
        """Draw the weights; of X only the number of features is read.

        Parameters
        ----------
        X : any container of series
        y : ignored
        series_id : (n_rows,) ids of a 2-D X
        """
        check_rows(self, X, series_id=series_id, reset=True)
        return self.draw()

    def draw(self) -> Self:
        """Draw W, W_in and b for `n_features_in_` features.

        Raises
        ------
        ValueError
            If a given W, W_in or b has another shape, or holds NaN.
        """
        weights, inputs, bias, _ = seed_streams(self.random_state)
        self.recurrent_weights_ = topology.draw(
            self.topology,
            self.n_units,
            degree=self.degree,
            spectral_radius=self.spectral_radius,
            seed=int(weights.generate_state(1)[0]),
        )
        self.input_weights_ = self._input_weights(np.random.default_rng(inputs))
        self.bias_ = self._bias(np.random.default_rng(bias))
        W = self.recurrent_weights_
        for array in (W.data, W.indices, W.indptr, self.input_weights_, self.bias_):
            array.setflags(write=False)  # assign other arrays instead: a packed copy may be kept
        return self

    def _input_weights(self, rng: np.random.Generator) -> Array:
        shape = (self.n_units, self.n_features_in_)
        given = self.input_scaling
        scaling = np.asarray(given.toarray() if issparse(given) else given, dtype=np.float64)
        if not np.isfinite(scaling).all():
            raise ValueError("input_scaling must be finite, got NaN or infinity")
        if scaling.shape == shape:
            return scaling.copy()
        if scaling.shape not in {(), shape[1:]}:
            raise ValueError(
                f"input_scaling must be a number, one number per feature {shape[1:]}, or W_in "
                f"itself with shape {shape}, got shape {scaling.shape}"
            )
        return scaling * rng.uniform(-1, 1, shape)

    def _bias(self, rng: np.random.Generator) -> Array:
        scaling = np.asarray(self.bias_scaling, dtype=np.float64)
        if scaling.shape not in {(), (self.n_units,)} or not np.isfinite(scaling).all():
            raise ValueError(
                f"bias_scaling must be a number, or b itself with shape ({self.n_units},), finite; "
                f"got shape {scaling.shape}"
            )
        return scaling.copy() if scaling.ndim else scaling * rng.uniform(-1, 1, self.n_units)

    def transform(self, X: Any, *, initial_state: Any = None, series_id: Any = None) -> Any:
        """Return the state after every row.

        Parameters
        ----------
        X : any container of series
        initial_state : (n_units,) or (n_series, n_units), x before the first row; None is zero
        series_id : (n_rows,) ids of a 2-D X

        Returns
        -------
        (n_rows, n_units) states, in the container of X
        """
        check_is_fitted(self, "recurrent_weights_")
        rows, layout = check_rows(self, X, series_id=series_id, reset=False)
        states = np.empty((len(rows), self.n_units), dtype=self.dtype)
        starts = self.check_state(initial_state, layout.n_series)
        packed = self.pack()
        block = max(BLOCK, STATES_PER_CALL // self.n_units)

        def run(span: slice, start: Array) -> None:
            for _ in self.run(rows[span], start, packed=packed, out=states[span], block=block):
                pass  # written in place

        series = zip(layout.slices(), starts, strict=True)
        n_jobs = 1 if layout.n_series == 1 else self.n_jobs
        for _ in in_order(run, series, n_jobs, shared=True):
            pass
        return restore(states, layout)

    def pack(self) -> PackedWeights:
        """Return the weights as the compiled loops read them; kept while they stay the same."""
        W = self.recurrent_weights_
        arrays = (W.data, W.indices, W.indptr, self.input_weights_, self.bias_)
        settings = (self.dtype, self.leak_rate, self.n_units, self.activation)
        kept = _PACKED.get(self)
        if (
            kept
            and kept[1] == settings
            and all(a is b for a, b in zip(kept[0], arrays, strict=True))
        ):
            return kept[2]
        packed = pack_weights(
            W,
            self.input_weights_,
            self.bias_,
            leak_rate=self.leak_rate,
            linear=self.activation == "identity",
            dtype=self.dtype,
        )
        if not any(array.flags.writeable for array in arrays):
            _PACKED[self] = arrays, settings, packed
        return packed

    def run(
        self,
        rows: Array,
        state: Array,
        *,
        packed: PackedWeights,
        noise: Any = None,
        out: Any = None,
        block: int = BLOCK,
    ) -> Iterator[tuple[slice, Array]]:
        """Drive one series and yield its states block by block.

        Parameters
        ----------
        rows : (n_steps, n_features)
        state : (n_units,), x before the first row
        packed : the weights, from `pack`
        noise : function of a block's number and length to (n_steps, n_units), or None
        out : (n_steps, n_units or more) whose first columns take the states, or None
        block : rows at a time

        Yields
        ------
        the rows of the block and its states (n, n_units), at least one block

        Raises
        ------
        ValueError
            If the states overflow, as those of a linear reservoir may.
        """
        from reservoirs.compiled import reservoir_loops

        for number, start in enumerate(range(0, len(rows), block)):
            part = slice(start, min(start + block, len(rows)))
            added = None if noise is None else noise(number, part.stop - part.start)
            target = None if out is None else out[part]
            states, state = reservoir_loops.run_states(rows[part], state, packed, added, target)
            if not np.isfinite(state).all():  # stays so, once it happened
                raise ValueError(
                    f"states are too large for {self.dtype} before row {part.stop}; lower "
                    "spectral_radius or the given W, or standardise X"
                )
            yield part, states

    def check_state(self, state: Any, n_series: int) -> Array:
        """Return start states (n_series, n_units) from None, (n_units,) or that shape.

        Raises
        ------
        ValueError
            For any other shape, or values that are not finite.
        """
        if state is None:
            return np.zeros((n_series, self.n_units), dtype=self.dtype)
        array = np.asarray(state, dtype=self.dtype)
        if array.shape not in {(self.n_units,), (n_series, self.n_units)}:
            raise ValueError(
                f"initial_state must have shape ({self.n_units},) or ({n_series}, "
                f"{self.n_units}), got {array.shape}; pass states returned with return_state=True"
            )
        if not np.isfinite(array).all():
            raise ValueError("initial_state must be finite, got NaN or infinity")
        return np.broadcast_to(array, (n_series, self.n_units))

    @property
    def _n_features_out(self) -> int:
        return self.n_units

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = [self.dtype]
        return tags
