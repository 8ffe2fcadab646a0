"""Intrinsic plasticity: gains and biases of the units, moved until their outputs are Gaussian."""

from __future__ import annotations

from numbers import Integral, Real
from typing import ClassVar

import numpy as np
import scipy.sparse
from sklearn.base import BaseEstimator
from sklearn.utils._param_validation import Interval

from reservoirs import compiled
from reservoirs.drawn import DrawnReservoir
from reservoirs.leak_rates import unit_rates
from reservoirs.sequences import Array, Layout
from reservoirs.suggestions import SuggestingMixin
from reservoirs.version import Documented


class IntrinsicPlasticity(Documented, SuggestingMixin, BaseEstimator):
    """Adapt the units of a reservoir to their inputs, before the readout is learned.

    y = tanh(g z + h), z = W x + W_in u + b

    dh = -e (-m / s^2 + (y / s^2) (2 s^2 + 1 - y^2 + m y)),   dg = e / g + dh z

    Every unit moves its gain g and bias h after every row, so that its outputs y come near a normal
    distribution of mean m and deviation s. Then they are multiplied into W, W_in and b.

    Parameters
    ----------
    mean : float, default=0.0
        Mean m, in (-1, 1).
    deviation : float, default=0.3
        Deviation s. Small ones keep the units where tanh is nearly linear: a long memory and
        precise forecasts of smooth series.
    learning_rate : float, default=0.0005
        Step e.
    n_passes : int, default=5
        Passes over the training series, each series from the zero state.

    See Also
    --------
    ESNRegressor : Takes it as `intrinsic_plasticity`.
    Reservoir : Takes it too.

    References
    ----------
    Schrauwen, Wardermann, Verstraeten, Steil & Stroobandt (2008), Improving reservoirs using
    intrinsic plasticity, Neurocomputing 71, eqs. 9-10.

    Examples
    --------
    >>> import numpy as np
    >>> from reservoirs import IntrinsicPlasticity, Reservoir
    >>> X = np.random.default_rng(0).standard_normal((500, 1))
    >>> narrow = IntrinsicPlasticity(deviation=0.2, n_passes=20, learning_rate=1e-3)
    >>> reservoir = Reservoir(n_units=50, leak_rate=1.0, intrinsic_plasticity=narrow)
    >>> bool(abs(reservoir.fit_transform(X).std(axis=0).mean() - 0.2) < 0.05)
    True
    """

    _public_module = "reservoirs"
    _parameter_constraints: ClassVar[dict[str, list[object]]] = {
        "mean": [Interval(Real, -1, 1, closed="neither")],
        "deviation": [Interval(Real, 0, None, closed="neither")],
        "learning_rate": [Interval(Real, 0, None, closed="neither")],
        "n_passes": [Interval(Integral, 1, None, closed="left")],
    }

    def __init__(
        self,
        *,
        mean: float = 0.0,
        deviation: float = 0.3,
        learning_rate: float = 5e-4,
        n_passes: int = 5,
    ) -> None:
        self.mean = mean
        self.deviation = deviation
        self.learning_rate = learning_rate
        self.n_passes = n_passes

    def adapt(self, reservoir: DrawnReservoir, rows: Array, layout: Layout) -> None:
        """Move the weights of a drawn reservoir, which has not adapted yet.

        Parameters
        ----------
        reservoir : Reservoir
            Its weights are replaced; `intrinsic_gain_` and `intrinsic_bias_` are set.
        rows : array of shape (n_rows, n_features)
            Inputs of all series.
        layout : Layout
            How they divide into series.

        Raises
        ------
        ValueError
            If the activation is not tanh, a setting is out of its range, or the gains diverge.
        """
        self._validate_params()
        if reservoir.activation != "tanh":
            raise ValueError(
                "intrinsic_plasticity is made for activation='tanh', got "
                f"activation={reservoir.activation!r}; leave one of them out"
            )
        W, n_units = scipy.sparse.csr_array(reservoir.recurrent_weights_), reservoir.n_units
        gain, offset = np.ones(n_units), np.zeros(n_units)
        mixed = reservoir.__dict__.get("mixing_weights_", np.zeros((0, 0)))
        arrays = [np.array(a, dtype=np.int64) for a in (W.indptr, W.indices)]
        arrays += [np.array(W.data), np.array(reservoir.input_weights_), np.array(reservoir.bias_)]
        arrays += [np.broadcast_to(unit_rates(reservoir), n_units).copy(), np.array(mixed)]
        inputs = np.array(rows, dtype=np.float64, order="C")
        numbers = float(self.learning_rate), float(self.mean), float(self.deviation)
        for _ in range(self.n_passes):
            for span in layout.slices():
                weights = tuple(arrays)
                compiled.plasticity_loops.adapt(weights, inputs[span], gain, offset, numbers)
        if not (np.isfinite(gain) & np.isfinite(offset) & (gain > 0)).all():
            raise ValueError(
                f"intrinsic_plasticity diverged with learning_rate={self.learning_rate:g}; lower "
                "it, or scale X"
            )
        self._fold(reservoir, W, gain, offset)

    def _fold(
        self, reservoir: DrawnReservoir, W: scipy.sparse.csr_array, gain: Array, offset: Array
    ) -> None:
        """Multiply gains into the weights, so that every loop runs as before."""
        each = np.repeat(gain, np.diff(W.indptr))
        folded = scipy.sparse.csr_array((each * W.data, W.indices, W.indptr), shape=W.shape)
        reservoir.recurrent_weights_ = folded
        reservoir.input_weights_ = gain[:, None] * reservoir.input_weights_
        reservoir.bias_ = gain * reservoir.bias_ + offset
        reservoir.intrinsic_gain_, reservoir.intrinsic_bias_ = gain, offset
        for array in reservoir._weight_arrays():
            array.setflags(write=False)
