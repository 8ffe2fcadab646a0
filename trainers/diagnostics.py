"""What happens to the gradient on its way back through time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from sklearn.base import clone
from torch import Tensor

from reservoirs.estimators import SERIES, inherit_parameters
from reservoirs.estimators.settings import check_settings
from reservoirs.sequences import Array, SeriesLike, check_rows
from trainers.data.batches import Batch
from trainers.data.split import split_examples
from trainers.network.cell import Tape
from trainers.network.cells import is_module
from trainers.network.losses import Loss
from trainers.network.passes import ForwardPass, LayerErrors
from trainers.network.small import one_thread
from trainers.network.stack import Network
from trainers.network.workspace import Workspace
from trainers.rnn.base import RecurrentNetwork
from trainers.second_order.curvature import loss_gradient

MAX_PIECES = 256  # series or windows that are measured
MAX_JACOBIANS = 8  # of them, for the singular values
SATURATED = 0.1  # slope of an activation relative to its largest


@dataclass(frozen=True)
class GradientFlow:
    """How error signals and state perturbations grow or fade, in the top layer.

    Attributes
    ----------
    lags : ndarray of shape (n_lags,)
        Steps back from the last one, 0 first.
    error_norms : ndarray of shape (n_lags,)
        |dL/dh| at each lag, of the loss at the last step; mean over series.
    jacobian_norms : ndarray of shape (n_lags,)
        Largest singular value of dh[k]/dstate, the state k + 1 steps before; geometric mean over
        series.
    saturated : float
        Share of activations whose slope is below a tenth of its largest.
    spectral_radius : float
        Of the recurrent weights, the largest of the gates.
    gain : float
        Factor of the error norm per step back, from a line through its logarithm.
    """

    lags: Array
    error_norms: Array
    jacobian_norms: Array
    saturated: float
    spectral_radius: float
    gain: float

    def __str__(self) -> str:
        """Say in words what happens and what to turn."""
        total = self.gain ** self.lags[-1]
        numbers = (
            f"per step back the error signal changes {self.gain:.3g} times, {total:.2g} times over "
            f"{self.lags[-1]} steps; {self.saturated:.0%} of the activations are saturated; "
            f"spectral radius {self.spectral_radius:.3g}"
        )
        if total < 1e-3:
            return (
                f"gradients vanish: {numbers}. Use cell='lstm', init='esn', vanishing_penalty, or "
                "solver='hessian_free'"
            )
        if total > 1e3:
            return f"gradients explode: {numbers}. Set clip_norm, or lower the spectral radius"
        return f"gradients arrive: {numbers}"


@torch.no_grad()
@inherit_parameters(SERIES)
def gradient_flow(
    model: RecurrentNetwork, X: SeriesLike, y: SeriesLike, *, series_id: SeriesLike = None
) -> GradientFlow:
    """Measure vanishing and exploding gradients of a recurrent network on data.

    norm(dL/dh[T-k]) against the lag k, of the loss L at the last step T

    Parameters
    ----------
    model : RNNRegressor or RNNClassifier
        One that is not fitted is measured with the weights that its training would start from.

    Returns
    -------
    GradientFlow
        Norms at each lag; printed, it says in words what happens and what to change.

    Raises
    ------
    ValueError
        For bad data.

    See Also
    --------
    GradientFlowDisplay : Draws the norms.
    ESNInit : Starts with a spectral radius of one's choice.

    References
    ----------
    Pascanu, Mikolov & Bengio (2013), On the difficulty of training recurrent neural networks.

    Examples
    --------
    >>> from reservoirs import datasets, next_step
    >>> from trainers import RNNRegressor, gradient_flow
    >>> X, y = next_step(datasets.lagged_sine()[:200, None])
    >>> flow = gradient_flow(RNNRegressor(n_units=8, window=10, random_state=0), X, y)
    >>> flow.error_norms.shape
    (10,)
    >>> flow.gain < 1
    True
    """
    if is_module(model.cell):
        raise ValueError(
            f"gradient_flow looks into the passes of a Cell, which the module {model.cell!r} does "
            "not have; measure it with a cell of trainers, or write it as a Cell"
        )
    is_fitted = hasattr(model, "weights_")
    model = model if is_fitted else clone(model)
    rows, layout = check_rows(model, X, series_id=series_id, reset=not is_fitted, min_rows=2)
    columns = model._encode_targets(y, layout, resumed=is_fitted)
    if is_fitted:
        check_settings(model)
        theta = model._flat_weights()
    else:
        start = model._initialize(rows, layout, columns, model._generator(), resumed=False)
        theta = model._tensor(start)
    # the loss of the last step alone: one target per series or window
    examples, _ = split_examples(
        model._network_inputs(rows),
        model._tensor(model._targets_per_row(columns, layout)),
        layout,
        n_last=1 if model.window is None or columns.kind == "per_series" else None,
        window=model.window,
        fraction=None,
    )
    batch = examples.batch(np.arange(min(examples.n_pieces, MAX_PIECES)))
    with one_thread(model.n_units):
        return _measure(model.network_, model._head.loss, theta, batch)


def _measure(network: Network, loss: Loss, theta: Tensor, batch: Batch) -> GradientFlow:
    """Return the gradient flow of a network on a batch whose last steps are scored."""
    run = network.forward(theta, batch.inputs, n_outputs=batch.n_outputs)
    lengths = batch.inside[..., 0].sum(dim=0).long()
    n_lags, top = int(lengths.min()), network.n_layers - 1
    norms = _error_norms(network, loss, run, batch)
    # lag k of a series is its step length - 1 - k
    steps = lengths - 1 - torch.arange(n_lags, device=lengths.device)[:, None]
    error_norms = norms.gather(0, steps).mean(dim=1).cpu().numpy()
    weights = run.weights[f"recurrent_weights_{top}"].double().cpu().numpy()
    n, (height, width) = network.n_units, weights.shape
    blocks = [
        weights[i : i + n, j : j + n] for i in range(0, height, n) for j in range(0, width, n)
    ]
    return GradientFlow(
        lags=np.arange(n_lags),
        error_norms=error_norms,
        jacobian_norms=_jacobian_norms(network, run, top)[:n_lags],
        saturated=_saturated_share(network, run, batch),
        spectral_radius=float(max(np.abs(np.linalg.eigvals(block)).max() for block in blocks)),
        gain=_gain(error_norms),
    )


def _error_norms(network: Network, loss: Loss, run: ForwardPass, batch: Batch) -> Tensor:
    """Return |dL/dh| of the top layer, (n_steps, batch)."""
    norms: list[Tensor] = []

    def keep_top(layer: int, layer_errors: LayerErrors) -> None:
        if layer == network.n_layers - 1:
            norms.append(layer_errors.errors.double().norm(dim=-1))

    _, grad = loss_gradient(loss, run, batch, 1.0)  # every series has a loss of weight 1
    network.backward(run, grad, on_layer=keep_top)
    return norms[0]


def _saturated_share(network: Network, run: ForwardPass, batch: Batch) -> float:
    """Return the share of the top layer's activations that hardly respond, padding left out."""
    slopes = run.slopes[network.n_layers - 1]
    inside = batch.inside.bool().expand_as(slopes)
    largest = slopes.new_tensor(network.kind.largest_slopes).repeat_interleave(network.n_units)
    return float(((slopes / largest)[inside] < SATURATED).double().mean())


def _gain(error_norms: Array) -> float:
    """Return exp of the slope of log error_norms against the lag; 0 where nothing arrives."""
    lags, arrived = np.arange(len(error_norms)), error_norms > 0
    if arrived.sum() <= 1:
        return 0.0
    return float(np.exp(np.polyfit(lags[arrived], np.log(error_norms[arrived]), 1)[0]))


def _jacobian_norms(network: Network, run: ForwardPass, layer: int) -> Array:
    """Return the largest singular value of dh[k]/dstate for every k, along some series.

    exp(mean over series of log |dh[k]/dstate[0]|_2)

    The R-forward pass of a batch of copies of a series, started at the unit vectors with the
    weights held still, gives the whole matrix.
    """
    tape, W_h = run.tapes[layer], run.weights[f"recurrent_weights_{layer}"]
    size = tape.last.shape[1]
    basis, no_direction = torch.eye(size).to(W_h), torch.zeros_like(W_h)
    logarithms = []
    for i in range(min(tape.hidden.shape[1], MAX_JACOBIANS)):

        def copies(t: Tensor, i: int = i) -> Tensor:
            return t[:, i : i + 1].expand(-1, size, -1).contiguous()

        seen = None if tape.seen is None else copies(tape.seen)
        copied = Tape(copies(tape.hidden), tuple(map(copies, tape.saved)), basis, seen)
        r_zx = W_h.new_zeros(len(tape.hidden) - 1, size, len(W_h))
        r_hidden, _ = network.kind.r_forward(copied, W_h, r_zx, no_direction, basis, Workspace(W_h))
        largest = torch.linalg.matrix_norm(r_hidden.double(), ord=2)
        logarithms.append(torch.log(largest.clamp_min(1e-300)).cpu().numpy())
    norms: Array = np.exp(np.mean(logarithms, axis=0))
    return norms
