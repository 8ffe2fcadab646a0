"""What happens to the gradient on its way back through time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from sklearn.base import clone
from sklearn.utils import check_random_state
from torch import Tensor

from reservoirs.sequences import Array, check_rows
from trainers.data.batches import Batch
from trainers.data.split import split_examples
from trainers.network.cell import Tape
from trainers.network.losses import LOSSES, Loss
from trainers.network.small import one_thread
from trainers.network.stack import ForwardPass, LayerErrors, Network
from trainers.network.workspace import Workspace
from trainers.second_order.curvature import loss_gradient

MOST_PIECES = 256  # series or windows looked at
JACOBIANS = 8  # of them, for the singular values
SATURATED = 0.1  # slope of an activation relative to its largest


@dataclass(frozen=True)
class GradientFlow:
    """How error signals and state perturbations grow or fade, top layer.

    Attributes
    ----------
    lags : (n_lags,) steps back from the last one, 0 first
    error_norms : (n_lags,) |dL/dh| at each lag, of the loss at the last step; mean over series
    jacobian_norms : (n_lags,) largest singular value of dh[k]/dstate, the state k + 1 steps before;
        geometric mean over series
    saturated : share of activations whose slope is below a tenth of its largest
    spectral_radius : of the recurrent weights, the largest of the gates
    gain : factor of the error norm per step back, from a line through its logarithm
    """

    lags: Array
    error_norms: Array
    jacobian_norms: Array
    saturated: float
    spectral_radius: float
    gain: float

    def __str__(self) -> str:
        """Say in words what happens and what to turn."""
        far = self.gain ** self.lags[-1]
        numbers = (
            f"per step back the error signal changes {self.gain:.3g} times, {far:.2g} times over "
            f"{self.lags[-1]} steps; {self.saturated:.0%} of the activations are saturated; "
            f"spectral radius {self.spectral_radius:.3g}"
        )
        if far < 1e-3:
            return (
                f"gradients vanish: {numbers}. Use cell='lstm', init='esn', vanishing_penalty, or "
                "solver='hessian_free'"
            )
        if far > 1e3:
            return f"gradients explode: {numbers}. Set clip_norm, or lower the spectral radius"
        return f"gradients arrive: {numbers}"


@torch.no_grad()
def gradient_flow(model: Any, X: Any, y: Any, *, series_id: Any = None) -> GradientFlow:
    """Measure vanishing and exploding gradients of a recurrent network on data.

    Parameters
    ----------
    model : `RNNRegressor` or `RNNClassifier`; one that is not fitted is looked at with the weights
        that its training would start from
    X : any container of series
    y : targets as in `fit`
    series_id : (n_rows,) ids of a 2-D X

    Raises
    ------
    ValueError
        For bad data.

    References
    ----------
    Pascanu, Mikolov & Bengio (2013), On the difficulty of training recurrent neural networks.
    """
    fitted = hasattr(model, "weights_")
    model = model if fitted else clone(model)
    rows, layout = check_rows(model, X, series_id=series_id, reset=not fitted, min_rows=2)
    columns = model._wanted(y, layout, resumed=fitted)
    if fitted:
        theta = model._theta()
    else:
        seed = check_random_state(model.random_state).randint(np.iinfo(np.int32).max)
        rng = np.random.default_rng(seed)
        theta = model._tensor(model._begin(rows, layout, columns, rng, resumed=False))
    examples, _ = split_examples(
        model._inputs(rows), model._tensor(model._spread(columns, layout)), layout,
        n_last=1 if model.window is None or columns.kind == "per_series" else None,
        window=model.window, fraction=None,
    )  # fmt: skip
    batch = examples.batch(np.arange(min(examples.n_pieces, MOST_PIECES)))
    with one_thread(model.n_units):
        return _flow(model.network_, LOSSES[model._loss], theta, batch)


def _flow(network: Network, loss: Loss, theta: Tensor, batch: Batch) -> GradientFlow:
    run = network.forward(theta, batch.inputs, n_outputs=batch.n_outputs)
    lengths = batch.inside[..., 0].sum(dim=0).long()
    n_lags, top = int(lengths.min()), network.n_layers - 1
    slopes, cell = run.slopes[top], run.cell
    inside = batch.inside.bool().expand_as(slopes)
    largest = slopes.new_tensor(cell.largest_slopes).repeat_interleave(network.n_units)
    saturated = float(((slopes / largest)[inside] < SATURATED).double().mean())
    jacobians = _jacobian_norms(run, top)[:n_lags]
    errors: list[Tensor] = []

    def watch(layer: int, found: LayerErrors) -> None:
        if layer == top:
            errors.append(found.errors.double().norm(dim=-1))

    _, grad = loss_gradient(loss, run, batch, 1.0)  # every series has a loss of weight 1
    network.backward(run, grad, on_layer=watch)
    back = lengths - 1 - torch.arange(n_lags, device=lengths.device)[:, None]
    norms = errors[0].gather(0, back).mean(dim=1).cpu().numpy()
    lags = np.arange(n_lags)
    alive = norms > 0
    slope = np.polyfit(lags[alive], np.log(norms[alive]), 1)[0] if alive.sum() > 1 else -np.inf
    weights = run.weights[f"recurrent_weights_{top}"].double().cpu().numpy()
    radii = [np.abs(np.linalg.eigvals(block)).max() for block in np.split(weights, cell.n_gates)]
    return GradientFlow(lags, norms, jacobians, saturated, float(max(radii)), float(np.exp(slope)))


def _jacobian_norms(run: ForwardPass, layer: int) -> Array:
    """Return the largest singular value of dh[k]/dstate for every k, along some series."""
    tape, W_h = run.tapes[layer], run.weights[f"recurrent_weights_{layer}"]
    size = tape.last.shape[1]
    basis, still = torch.eye(size).to(W_h), torch.zeros_like(W_h)
    logs = []
    for i in range(min(tape.hidden.shape[1], JACOBIANS)):

        def copies(t: Tensor, i: int = i) -> Tensor:
            return t[:, i : i + 1].expand(-1, size, -1).contiguous()

        alone = Tape(copies(tape.hidden), tuple(map(copies, tape.saved)), basis)
        r_zx = W_h.new_zeros(len(tape.hidden) - 1, size, len(W_h))
        r_hidden, _ = run.cell.r_forward(alone, W_h, r_zx, still, basis, Workspace(W_h))
        largest = torch.linalg.matrix_norm(r_hidden.double(), ord=2)
        logs.append(torch.log(largest.clamp_min(1e-300)).cpu().numpy())
    norms: Array = np.exp(np.mean(logs, axis=0))
    return norms
