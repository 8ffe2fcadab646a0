"""Initial weights: PyTorch's default, orthogonal, sparse, and as in an echo state network.

Weights are drawn with NumPy, so that the same seed starts the same on every device.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import scipy.linalg
import torch
from sklearn.base import BaseEstimator

from reservoirs.estimators import inherit_parameters
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


@inherit_parameters(ESNInit)
class SampledInit(ESNInit):
    """Start with input weights that tell rows of the training data apart, two rows a unit.

    w = s (x2 - x1) / norm(x2 - x1)^2,  b = -w'x1 - s/2

    The pre-activation of a unit, or gate, goes from -s/2 to s/2 between two of the rows x that it
    sees, drawn anew for each. Recurrent weights stay as `ESNInit` draws them. With
    `readout="ridge"` and `max_iter=0` of the network this is a way to learn without gradients.

    Parameters
    ----------
    scale : float, default=0.01
        The difference s of the pre-activations, > 0; log 3 in the reference.
    spectral_radius : float, default=0.5
        The spectral radius rho of every gate's recurrent weights.

    See Also
    --------
    ESNInit : Weights drawn without a look at the data.
    RNNRegressor : Takes it as `init`; init="sampled" is the one with the defaults.

    Notes
    -----
    Units that hardly bend forecast best: of the scales log 3, 0.3, 0.1, 0.03 and 0.01 the last was
    best on a sine and on driven oscillators, and with log 3 free runs fail.

    References
    ----------
    Bolager, Cukarska, Burak, Monfared & Dietrich (2024), Gradient-free training of recurrent neural
    networks, arXiv 2410.23467, whose recurrent weights are solved for; here they are drawn.

    Examples
    --------
    >>> import numpy as np
    >>> from reservoirs import next_step
    >>> from trainers import RNNRegressor, SampledInit
    >>> X, y = next_step(np.sin(0.2 * np.arange(400)))
    >>> model = RNNRegressor(
    ...     n_units=12, init=SampledInit(), readout="ridge", max_iter=0, washout=50, random_state=0
    ... )
    >>> model.fit(X, y).score(X, y) > 0.999
    True
    """

    def __init__(
        self,
        *,
        scale: float = 0.01,
        fan_in: int = 15,
        spectral_radius: float = 0.5,
        input_scale: float = 0.1,
        output_scale: float = 0.1,
        center: bool = True,
    ) -> None:
        super().__init__(
            fan_in=fan_in,
            spectral_radius=spectral_radius,
            input_scale=input_scale,
            output_scale=output_scale,
            center=center,
        )
        self.scale = scale

    def sampled(
        self, network: Network, theta: Array, series: Sequence[Array], rng: Generator
    ) -> Array:
        """Return first weights of which those by the inputs of every layer are sampled.

        Parameters
        ----------
        network : Network
            The network.
        theta : array of shape (n_weights,)
            As drawn; left unchanged.
        series : sequence of arrays of shape (n_steps, n_inputs)
            The training rows, as the network sees them.
        rng : numpy.random.Generator
            Draws the pairs.

        Returns
        -------
        array of shape (n_weights,)
            The first weights.

        Raises
        ------
        ValueError
            For a scale that is not positive, or rows that are all the same.
        """
        if not self.scale > 0:
            raise ValueError(f"the scale of SampledInit must be > 0, got {self.scale!r}")
        flat = torch.tensor(theta, dtype=torch.float64)
        weights, seen = network.split(flat), np.concatenate(series)
        for layer in range(network.n_layers):
            if layer:  # what the layers below became
                runs = [network.forward(flat, torch.tensor(rows[:, None])) for rows in series]
                seen = torch.cat([run.layer_inputs(layer)[:, 0] for run in runs]).numpy()
            W_x = weights[f"input_weights_{layer}"]
            first, second = _pairs(seen, len(W_x), rng)
            differences = second - first
            vectors = self.scale * differences / np.square(differences).sum(axis=1, keepdims=True)
            W_x.copy_(torch.from_numpy(vectors))
            if network.hidden_bias:
                bias = -(vectors * first).sum(axis=1) - 0.5 * self.scale
                bias = network.kind.initial_bias(bias)
                weights[f"bias_{layer}"].copy_(torch.from_numpy(bias))
        return flat.numpy()


def _pairs(rows: Array, n: int, rng: Generator) -> tuple[Array, Array]:
    """Draw n pairs of rows that differ.

    Raises
    ------
    ValueError
        If too few do.
    """
    first, second = rng.integers(len(rows), size=(2, 20 * n + 20))
    differ = np.flatnonzero((rows[first] != rows[second]).any(axis=1))[:n]
    if len(differ) < n:
        raise ValueError(
            f"init='sampled' needs rows that differ, and of the {len(rows)} seen nearly all are "
            "the same; take init='esn'"
        )
    return rows[first[differ]], rows[second[differ]]


INITS: dict[str, Initializer] = {
    "default": _default,
    "orthogonal": _orthogonal,
    "sparse": _sparse,
    "esn": ESNInit(),
    "sampled": SampledInit(),
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
