"""Reservoir: the transformer from a series to the states of a fixed random recurrent network."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    _fit_context,
)
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from reservoirs import topology
from reservoirs.activations import ACTIVATIONS, Function
from reservoirs.drawn import DrawnReservoir
from reservoirs.estimators.docstrings import SERIES, inherit_parameters
from reservoirs.estimators.ranges import KeysOf
from reservoirs.estimators.settings import record_settings
from reservoirs.forecasting.recording import RecordingTransformer
from reservoirs.input_weights import draw_bias, draw_input_weights
from reservoirs.leak_rates import check_mixing, unit_rates
from reservoirs.parallel import map_in_order
from reservoirs.plasticity import IntrinsicPlasticity
from reservoirs.readout import BLOCK
from reservoirs.seeds import seed_streams
from reservoirs.sequences import (
    Array,
    InitialState,
    Layout,
    Seed,
    SeriesLike,
    check_rows,
    restore,
)
from reservoirs.short_series import batches, run_batch

SETTINGS: dict[str, list[object]] = {
    "n_units": [Interval(Integral, 1, None, closed="left")],
    "spectral_radius": [Interval(Real, 0, None, closed="left")],
    "leak_rate": [Interval(Real, 0, 1, closed="right"), "array-like"],
    "input_scaling": [Interval(Real, 0, None, closed="left"), "array-like", "sparse matrix"],
    "bias_scaling": [Interval(Real, 0, None, closed="left"), "array-like"],
    "degree": [Interval(Integral, 1, None, closed="left")],
    "topology": [KeysOf(topology.TOPOLOGIES), callable, "array-like", "sparse matrix"],
    "activation": [StrOptions({*ACTIVATIONS}), callable],
    "mixing": [Interval(Real, 0, 1, closed="right"), None],
    "intrinsic_plasticity": [IntrinsicPlasticity, None],
    "dtype": [StrOptions({"float64", "float32"})],
    "n_jobs": [Integral, None],
    "random_state": ["random_state"],
}
STATES_PER_CALL = 2**21  # of a compiled loop in `transform`, which Ctrl-C waits for: some 10 ms


class Reservoir(
    DrawnReservoir, ClassNamePrefixFeaturesOutMixin, RecordingTransformer, BaseEstimator
):
    """Map series to the states of a random recurrent network that is never trained.

    x[t] = (1 - a) x[t-1] + a f(W x[t-1] + W_in u[t] + b), f = tanh

    With `mixing` O x[t-1] stands for the first x[t-1], O a random orthogonal matrix.

    With `intrinsic_plasticity` W, W_in and b adapt to the rows of `fit`.

    Every series starts from the zero state; its rows never touch another series.

    Parameters
    ----------
    n_units : int, default=500
        Number of recurrent units, N.
    spectral_radius : float, default=1.0
        Largest absolute eigenvalue of W.
    leak_rate : float or array-like of shape (n_rates,), default=0.7
        Share of the state replaced per step, a in (0, 1]; several rates split the units evenly.
    input_scaling : float or array-like, default=0.2
        W_in is uniform in [-s, s]: a number, or one per feature (n_features,). A matrix
        (n_units, n_features), dense or sparse, is W_in itself.
    bias_scaling : float or array-like, default=1.5
        Scale s of the bias: b is uniform in [-s, s]; a vector (n_units,) is b itself.
    degree : int, default=10
        Nonzeros per row of W, where the topology has a choice.
    topology : str, callable, array-like or sparse matrix, default="random"
        "random", "shifts", "cycle", "delay_line", "permutation", "orthogonal", "small_world", a
        `topology.SmallWorld`, or any function of (n_units, degree, rng) that returns W. A matrix
        (n_units, n_units), dense or sparse, is W itself, used as it is.
    activation : {"tanh", "identity", "relu"} or callable, default="tanh"
        Activation f; "identity" makes a linear reservoir. Or a function of one number that numba
        can compile, with or without its decorator.
    dtype : {"float64", "float32"}, default="float64"
        Of weights and states.
    n_jobs : int, default=None
        Series at a time in `transform`, in threads; None is 1.
    random_state : int, RandomState instance or None, default=None
        Seed of W, W_in, b and O, each from its own stream.
    mixing : float, default=None
        Share a in (0, 1] of the state that is computed anew, in place of `leak_rate`; the rest is
        the state before, turned by O ("edge of stability": small shares remember as many steps as
        there are units). None: nothing is turned. A step costs n_units^2 with it.

    intrinsic_plasticity : IntrinsicPlasticity or None, default=None
        How the units adapt to the training rows, before anything else is learned; None: not.

    Attributes
    ----------
    recurrent_weights_ : sparse matrix of shape (n_units, n_units)
        Recurrent weights, W.
    input_weights_ : array of shape (n_units, n_features)
        Input weights, W_in.
    bias_ : array of shape (n_units,)
        Bias, b.
    mixing_weights_ : array of shape (n_units, n_units)
        With `mixing` the orthogonal matrix O.
    intrinsic_gain_, intrinsic_bias_ : array of shape (n_units,)
        With `intrinsic_plasticity` the gains and biases that W, W_in and b have in them.
    n_features_in_ : int
        Number of features.

    See Also
    --------
    ESNRegressor : A reservoir and a ridge-trained readout in one.
    NVAR : Polynomials of delayed inputs instead of states.
    topology.draw : Draws W.

    Notes
    -----
    The drawn arrays are read-only; assign new ones to change them.

    References
    ----------
    Lukosevicius (2012), A practical guide to applying echo state networks, eqs. 2-3.
    Ceni & Gallicchio (2024), Edge of stability echo state network, eq. 6 (`mixing`).

    Examples
    --------
    >>> import numpy as np
    >>> from reservoirs import Reservoir
    >>> X = np.sin(0.2 * np.arange(200))[:, None]
    >>> Reservoir(n_units=50, random_state=0).fit_transform(X).shape
    (200, 50)
    """

    _parameter_constraints: ClassVar[dict[str, list[object]]] = SETTINGS
    intrinsic_plasticity: IntrinsicPlasticity | None
    _settings_of_prediction = frozenset({"n_jobs", "leak_rate", "activation", "dtype"})

    def __init__(
        self,
        *,
        n_units: int = 500,
        spectral_radius: float = 1.0,
        leak_rate: ArrayLike = 0.7,
        input_scaling: ArrayLike | topology.Sparse = 0.2,
        bias_scaling: ArrayLike = 1.5,
        degree: int = 10,
        topology: str | topology.Topology | topology.Sparse | Array = "random",
        activation: str | Function = "tanh",
        dtype: str = "float64",
        n_jobs: int | None = None,
        random_state: Seed = None,
        mixing: float | None = None,
        intrinsic_plasticity: IntrinsicPlasticity | None = None,
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
        self.mixing = mixing
        self.intrinsic_plasticity = intrinsic_plasticity

    @_fit_context(prefer_skip_nested_validation=True)
    @inherit_parameters(SERIES)
    def fit(self, X: SeriesLike, y: object = None, *, series_id: SeriesLike = None) -> Self:
        """Draw the weights; of X only the number of features is read, unless the units adapt to it.

        Parameters
        ----------
        y : None, default=None
            Ignored.

        Returns
        -------
        Reservoir
            The fitted transformer.
        """
        rows, layout = check_rows(self, X, series_id=series_id, reset=True)
        self.draw()
        if self.intrinsic_plasticity is not None:
            self.intrinsic_plasticity.adapt(self, rows, layout)
        return self

    def drawn(self, n_features: int, seed: int) -> Reservoir:
        """Return a reservoir with these settings and drawn weights.

        Parameters
        ----------
        n_features : int
            Number of features of its inputs.
        seed : int
            Its `random_state`.

        Returns
        -------
        Reservoir
            A new one; this one stays as it is.
        """
        reservoir = type(self)(**{**self.get_params(deep=False), "random_state": seed})
        reservoir.n_features_in_ = n_features
        return reservoir.draw()

    def draw(self) -> Self:
        """Draw W, W_in, b and O for `n_features_in_` features.

        Returns
        -------
        Reservoir
            This one.

        Raises
        ------
        ValueError
            If leak_rate, or a given W, W_in or b, has another shape, or holds NaN, or there are
            both a leak_rate and mixing.
        """
        check_mixing(self)
        unit_rates(self)
        weights, inputs, bias, _, mixing = seed_streams(self.random_state)
        W = topology.draw(
            self.topology,
            self.n_units,
            degree=self.degree,
            spectral_radius=self.spectral_radius,
            seed=int(weights.generate_state(1)[0]),
        )
        shape = (self.n_units, self.n_features_in_)
        W_in = draw_input_weights(self.input_scaling, shape, np.random.default_rng(inputs))
        b = draw_bias(self.bias_scaling, self.n_units, np.random.default_rng(bias))
        self.recurrent_weights_, self.input_weights_, self.bias_ = W, W_in, b
        for name in ("mixing_weights_", "intrinsic_gain_", "intrinsic_bias_"):
            self.__dict__.pop(name, None)
        if self.mixing is not None:
            rng = np.random.default_rng(mixing)
            self.mixing_weights_ = topology.orthogonal(self.n_units, 1, rng).toarray()
        for array in self._weight_arrays():
            array.setflags(write=False)  # assign other arrays instead: a packed copy may be kept
        record_settings(self)
        return self

    @inherit_parameters(SERIES)
    def transform(
        self, X: SeriesLike, *, initial_state: InitialState = None, series_id: SeriesLike = None
    ) -> SeriesLike:
        """Return the state after every row.

        Parameters
        ----------
        initial_state : array-like of shape (n_units,) or (n_series, n_units), default=None
            State before the first row, x; None is zero.

        Returns
        -------
        array of shape (n_rows, n_units), or list of such
            The states, in the container of X.
        """
        check_is_fitted(self, "recurrent_weights_")
        rows, layout = check_rows(self, X, series_id=series_id, reset=False)
        states = np.empty((len(rows), self.n_units), dtype=self.dtype)
        starts = self.check_state(initial_state, layout.n_series)
        packed = self.pack()
        block = max(BLOCK, STATES_PER_CALL // self.n_units)

        def run(span: slice, numbers: slice) -> None:
            out, lengths = states[span], layout.lengths[numbers]
            if len(lengths) > 1:
                run_batch(self, rows[span], lengths, starts[numbers], out)
                return
            start, write = starts[numbers.start], out.__getitem__
            for _ in self.run(rows[span], start, packed=packed, out=write, block=block):
                pass  # written in place

        n_jobs = 1 if layout.n_series == 1 else self.n_jobs
        for _ in map_in_order(run, batches(layout.lengths, BLOCK), n_jobs, shared=True):
            pass
        return restore(states, layout)

    def _start_states(self, initial_state: InitialState, n_series: int) -> Array:
        return self.check_state(None if isinstance(initial_state, str) else initial_state, n_series)

    def _drive(self, rows: Array, state: Array) -> tuple[Array, Array]:
        blocks = self.run(np.asarray(rows, dtype=np.float64), state, packed=self.pack())
        states = np.concatenate([states for _, states in blocks])
        return states, states[-1]

    def _end_states(self, rows: Array, layout: Layout, features: SeriesLike) -> Array:
        if layout.kind in ("list", "stack"):
            return np.stack([states[-1] for states in features])
        return np.asarray(features)[np.cumsum(layout.lengths) - 1]

    @property
    def _n_features_out(self) -> int:
        return self.n_units

    def __sklearn_tags__(self) -> Any:  # noqa: ANN401 - scikit-learn has no stubs
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = [self.dtype]
        return tags
