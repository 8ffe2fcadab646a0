"""A reservoir whose weights are drawn, as it is run along series."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import ArrayLike

from reservoirs import compiled
from reservoirs.activations import Function, pack_activation
from reservoirs.compiled.storage import PackedWeights, pack_weights
from reservoirs.leak_rates import rates_key, unit_rates
from reservoirs.overflow import StatesTooLargeError
from reservoirs.packing import PackedCache
from reservoirs.readout import BLOCK, row_blocks
from reservoirs.sequences import Array
from reservoirs.topology import Sparse

_PACKED = PackedCache()


class DrawnReservoir:
    """Weights of a reservoir, packed for the compiled loops, and states along series.

    Attributes
    ----------
    recurrent_weights_ : sparse matrix of shape (n_units, n_units)
        W.
    input_weights_ : array of shape (n_units, n_features)
        W_in.
    bias_ : array of shape (n_units,)
        b.
    mixing_weights_ : array of shape (n_units, n_units)
        O, with `mixing`.
    intrinsic_gain_, intrinsic_bias_ : arrays of shape (n_units,)
        What `intrinsic_plasticity` has multiplied into these weights.
    """

    n_units: int
    leak_rate: ArrayLike
    activation: str | Function
    mixing: float | None
    intrinsic_plasticity: object
    dtype: str
    recurrent_weights_: Sparse
    input_weights_: Array
    bias_: Array
    mixing_weights_: Array
    intrinsic_gain_: Array
    intrinsic_bias_: Array

    def _weight_arrays(self) -> tuple[Array, ...]:
        W, mixed = self.recurrent_weights_, self.__dict__.get("mixing_weights_")
        arrays = W.data, W.indices, W.indptr, self.input_weights_, self.bias_
        return arrays if mixed is None else (*arrays, mixed)

    def pack(self) -> PackedWeights:
        """Return the weights as the compiled loops read them; kept while they stay the same.

        Returns
        -------
        PackedWeights
            A copy, not to be written to.

        Raises
        ------
        ValueError
            If the reservoir should have adapted to rows, and has not.
        """
        if self.intrinsic_plasticity is not None and "intrinsic_gain_" not in self.__dict__:
            raise ValueError(
                "intrinsic_plasticity adapts a reservoir to training rows, in the fit of an "
                "ESNRegressor, ESNClassifier or Reservoir, and this one was drawn without any, as "
                "Forecaster and LocalForecaster draw theirs; leave it at None there"
            )
        settings = (self.dtype, rates_key(self), self.n_units, self.activation, self.mixing)
        return _PACKED.get(self, self._weight_arrays(), settings, self._pack_anew)

    def _pack_anew(self) -> PackedWeights:
        return pack_weights(
            self.recurrent_weights_,
            self.input_weights_,
            self.bias_,
            leak_rate=unit_rates(self),
            activation=pack_activation(self.activation, self.dtype),
            mixing=self.__dict__.get("mixing_weights_"),
            dtype=self.dtype,
        )

    def run(
        self,
        rows: Array,
        state: Array,
        *,
        packed: PackedWeights,
        noise: Callable[[int, int], Array] | None = None,
        out: Callable[[slice], Array] | None = None,
        block: int = BLOCK,
        first_row: int = 0,
    ) -> Iterator[tuple[slice, Array]]:
        """Drive one series and yield its states block by block.

        Parameters
        ----------
        rows : array of shape (n_steps, n_features)
            The inputs.
        state : array of shape (n_units,)
            State before the first row, x.
        packed : PackedWeights
            The weights, from `pack`.
        noise : callable, default=None
            Number and length of a block to its noise (n_steps, n_units), from its first row on.
        out : callable, default=None
            Rows of a block to an array (n_steps, n_units or more) whose first columns take its
            states; None is a new array.
        block : int, default=1024
            Rows at a time.
        first_row : int, default=0
            Number of the first row in its series; blocks end at multiples of `block`.

        Yields
        ------
        rows : slice
            The rows of the block.
        states : array of shape (n_rows, n_units)
            Its states.

        Raises
        ------
        StatesTooLargeError
            If the states overflow, as those of a linear reservoir may.
        """
        for span in row_blocks(len(rows), size=block, first_row=first_row):
            number, offset = divmod(first_row + span.start, block)
            added = None if noise is None else noise(number, offset + span.stop - span.start)
            states, state = compiled.reservoir_loops.run_states(
                rows[span],
                state,
                packed,
                None if added is None else added[offset:],
                None if out is None else out(span),
            )
            if not np.isfinite(state).all():  # stays so, once it happened
                raise StatesTooLargeError(self.dtype, first_row + span.stop)
            yield span, states

    def check_state(self, state: ArrayLike | None, n_series: int) -> Array:
        """Return checked start states, one per series.

        Parameters
        ----------
        state : array-like of shape (n_units,) or (n_series, n_units), or None
            None is zero.
        n_series : int
            Number of series.

        Returns
        -------
        array of shape (n_series, n_units)
            The states.

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
