"""Initial weights: PyTorch's default, orthogonal, sparse, and as in an echo state network.

Weights are drawn with NumPy, so that the same seed starts the same on every device.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import scipy.linalg
from sklearn.base import BaseEstimator

from reservoirs.sequences import Array
from reservoirs.suggestions import SuggestingMixin
from reservoirs.version import Documented
from trainers.network.stack import Network

Weights = dict[str, Array]
Generator = np.random.Generator
Initializer = Callable[[Network, Generator], Weights]


def _default(network: Network, rng: Generator) -> Weights:
    """Draw everything uniform in +-1/sqrt(n_units), as torch.nn does."""
    bound = 1.0 / np.sqrt(network.n_units)
    return {name: rng.uniform(-bound, bound, shape) for name, shape in network.shapes.items()}


def _orthogonal(network: Network, rng: Generator) -> Weights:
    """Draw each gate's recurrent weights orthogonal, the rest Glorot uniform, biases zero."""
    weights = {}
    for name, shape in network.shapes.items():
        if name.startswith("recurrent"):
            n = network.n_units
            weights[name] = _in_blocks(shape, n, partial(_orthogonal_block, n, rng))
        elif len(shape) == 2:
            bound = np.sqrt(6.0 / sum(shape))
            weights[name] = rng.uniform(-bound, bound, shape)
        else:
            weights[name] = np.zeros(shape)
    return weights


def _orthogonal_block(n: int, rng: Generator) -> Array:
    """Return an orthogonal matrix of n rows."""
    block: Array = np.linalg.qr(rng.standard_normal((n, n)))[0]
    return block


def _in_blocks(shape: tuple[int, ...], n: int, draw: Callable[[], Array]) -> Array:
    """Return a matrix of blocks (n, n), one for every gate and part of the state that it meets."""
    return np.block([[draw() for _ in range(shape[1] // n)] for _ in range(shape[0] // n)])


def sparse_rows(shape: tuple[int, ...], fan_in: int, rng: Generator) -> Array:
    """Draw a matrix with `fan_in` entries per row, N(0, 1 / fan_in), the others zero.

    `fan_in` is at most the number of columns.
    """
    matrix = np.zeros(shape)
    fan_in = min(fan_in, shape[1])
    for row in matrix:
        row[rng.choice(shape[1], fan_in, replace=False)] = rng.standard_normal(fan_in)
    return matrix / np.sqrt(fan_in)


def _sparse(network: Network, rng: Generator) -> Weights:
    """Draw 15 incoming weights per unit, N(0, 1/15), the rest zero (Martens 2010, sec. 5)."""
    weights = {}
    for name, shape in network.shapes.items():
        weights[name] = sparse_rows(shape, 15, rng) if len(shape) == 2 else np.zeros(shape)
        if name == "input_weights_0":
            weights[name] *= 0.25  # large input weights overwrite the state
    return weights


class ESNInit(Documented, SuggestingMixin, BaseEstimator):
    """Start as an echo state network does: sparse recurrent weights at a chosen spectral radius.

    W_h = rho W / max abs(eig(W)), with `fan_in` normal entries in every row of W

    Hidden biases start at zero, the output bias at the mean of the targets.

    Parameters
    ----------
    fan_in : int, default=15
        Nonzero entries per row of every gate's recurrent weights.
    spectral_radius : float, default=1.1
        The spectral radius rho of every gate's recurrent weights.
    input_scale : float, default=0.1
        Standard deviation of the normal input weights.
    output_scale : float, default=0.1
        Standard deviation of the normal output weights.
    center : bool, default=True
        Whether to shift the inputs to zero mean over the training rows.

    See Also
    --------
    RNNRegressor : Takes it as `init`; init="esn" is the one with the defaults.
    gradient_flow : Shows what a start does to the gradient.

    References
    ----------
    Sutskever, Martens, Dahl & Hinton (2013), On the importance of initialization and momentum in
    deep learning, Table 4.

    Examples
    --------
    >>> from trainers import ESNInit, RNNRegressor
    >>> model = RNNRegressor(init=ESNInit(spectral_radius=0.9))
    >>> model.set_params(init__input_scale=0.01).init
    ESNInit(input_scale=0.01, spectral_radius=0.9)
    """

    def __init__(
        self,
        *,
        fan_in: int = 15,
        spectral_radius: float = 1.1,
        input_scale: float = 0.1,
        output_scale: float = 0.1,
        center: bool = True,
    ) -> None:
        self.fan_in = fan_in
        self.spectral_radius = spectral_radius
        self.input_scale = input_scale
        self.output_scale = output_scale
        self.center = center

    def __call__(self, network: Network, rng: Generator) -> Weights:
        """Draw the weights of a network.

        They are returned by name.
        """
        weights = {}
        for name, shape in network.shapes.items():
            if name.startswith("recurrent"):
                n = network.n_units
                weights[name] = _in_blocks(shape, n, partial(self._recurrent, n, rng))
            elif len(shape) == 2:
                scale = self.output_scale if name == "output_weights" else self.input_scale
                weights[name] = scale * rng.standard_normal(shape)
            else:
                weights[name] = np.zeros(shape)
        return weights

    def _recurrent(self, n_units: int, rng: Generator) -> Array:
        """Return the recurrent weights of one gate, scaled to the spectral radius."""
        matrix = sparse_rows((n_units, n_units), self.fan_in, rng)
        radius = float(np.abs(scipy.linalg.eigvals(matrix)).max())
        if radius < 1e-12:
            raise ValueError(
                f"the drawn recurrent weights (n_units={n_units}, fan_in={self.fan_in}) have no "
                "cycle, so their spectral radius cannot be scaled; raise fan_in or n_units"
            )
        return matrix * (self.spectral_radius / radius)


INITS: dict[str, Initializer] = {
    "default": _default,
    "orthogonal": _orthogonal,
    "sparse": _sparse,
    "esn": ESNInit(),
}


def resolve_init(init: str | ESNInit) -> Initializer:
    """Return the function that draws the weights, of a name or as given.

    Raises
    ------
    ValueError
        For an unknown name.
    """
    if isinstance(init, str) and init not in INITS:
        raise ValueError(f"init must be one of {sorted(INITS)} or an ESNInit, got {init!r}")
    return INITS[init] if isinstance(init, str) else init


def initial_weights(
    network: Network, init: str | ESNInit, targets_mean: Array, rng: Generator
) -> Array:
    """Draw the flat weight vector of a network.

    In float64 and the order of `network.shapes`. `targets_mean`, (n_outputs,), is the output bias
    of an ESN-style start.
    """
    draw = resolve_init(init)
    weights = network.drawn(rng)
    if weights is not None:  # the rest is for cells of ours
        return np.concatenate([weights[name].ravel() for name in network.shapes])
    weights = draw(network, rng)
    if isinstance(draw, ESNInit):
        weights["output_bias"] = np.array(targets_mean, dtype=np.float64)
    for name, values in weights.items():
        if name.startswith("initial_state"):
            values[:] = 0.0
        if name.startswith("bias"):
            weights[name] = network.kind.initial_bias(values)
    return np.concatenate([weights[name].ravel() for name in network.shapes])
