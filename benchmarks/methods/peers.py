"""Other libraries' echo state networks as methods (the extra `peers`).

Each is built from the same names as ours and is run through its public interface only. Where a
library cannot carry a state on, the whole past is run again before every step of a free run.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any, Protocol

import numpy as np

from benchmarks.methods.base import Method
from benchmarks.tasks.base import Settings, Task
from benchmarks.tasks.data import Array
from benchmarks.tasks.kinds import Filter
from benchmarks.tasks.split import Split
from reservoirs import ESNRegressor


class _Peer(Protocol):
    """What a library must do."""

    n_weights: int

    def learn(self, X: Array, y: Array, washout: int) -> None: ...
    def outputs(self, X: Array) -> Array: ...


def load(name: str) -> Any:
    """Import a peer's module.

    Raises
    ------
    ImportError
        With the remedy, if it is not installed.
    """
    try:
        return import_module(name)
    except ImportError as error:
        raise ImportError(f"needs {name.split('.')[0]}: pip install 'reservoirs[peers]'") from error


class PeerForecaster:
    """Closed-loop forecasts with another library, through its public interface."""

    def __init__(self, peer: _Peer, washout: int) -> None:
        self.peer, self.washout = peer, washout

    def fit(self, X: Array, y: Array) -> PeerForecaster:
        """Learn."""
        self.n_outputs = y.shape[1]
        self.peer.learn(X, y, self.washout)
        self.n_weights = self.peer.n_weights
        return self

    def predict(self, X: Array, context: Array) -> Array:
        """Predict every row, the context before it."""
        return self._outputs(np.vstack([context, X]))[len(context) :]

    def forecast(self, n_steps: int, *, context: Array, exog: Array | None) -> Array:
        """Feed every prediction back."""
        n_before, rows = len(context), context
        width = 0 if exog is None else exog.shape[1]
        known = np.empty((n_before + n_steps - 1, width)) if exog is None else exog
        if isinstance(self.peer, _ReservoirPy):  # goes on from the state after the last run
            value = self._outputs(np.hstack([context, known[:n_before]]))[-1:]
            found = [value]
            for t in range(n_before, n_before + n_steps - 1):
                value = self.peer.step(np.hstack([value, known[t : t + 1]]))
                found.append(value)
            return np.vstack(found)
        for t in range(n_before - 1, n_before + n_steps - 1):
            value = self._outputs(np.hstack([rows, known[: t + 1]]))[-1:]
            rows = np.vstack([rows, value])
        return rows[n_before:]

    def _outputs(self, rows: Array) -> Array:
        return np.asarray(self.peer.outputs(rows)).reshape(len(rows), self.n_outputs)


class _ReservoirPy:
    def __init__(self, s: Settings, seed: int) -> None:
        nodes = load("reservoirpy.nodes")
        self.reservoir = nodes.Reservoir(
            s["n_units"], lr=s["leak_rate"], sr=s["spectral_radius"], seed=seed,
            input_scaling=s["input_scaling"], input_connectivity=1.0, bias=s["bias_scaling"],
        )  # fmt: skip
        self.model = self.reservoir >> nodes.Ridge(ridge=s["alpha"])
        self.n_weights = 0

    def learn(self, X: Array, y: Array, washout: int) -> None:
        self.model.fit(X, y, warmup=washout)
        self.n_weights = (self.reservoir.units + 1) * y.shape[1]

    def outputs(self, X: Array) -> Array:
        self.model.reset()
        return np.asarray(self.model.run(X))

    def step(self, row: Array) -> Array:
        return np.asarray(self.model.step(row[0])).reshape(1, -1)


class _PyRCN:
    def __init__(self, s: Settings, seed: int) -> None:
        blocks, network = load("pyrcn.base.blocks"), load("pyrcn.echo_state_network")
        linear = load("pyrcn.linear_model")
        self.model = network.ESNRegressor(
            input_to_node=blocks.InputToNode(
                hidden_layer_size=s["n_units"], input_activation="identity", random_state=seed,
                input_scaling=s["input_scaling"], bias_scaling=s["bias_scaling"],
            ),
            node_to_node=blocks.NodeToNode(
                hidden_layer_size=s["n_units"], spectral_radius=s["spectral_radius"],
                leakage=s["leak_rate"], random_state=seed + 1,
            ),
            regressor=linear.IncrementalRegression(alpha=s["alpha"]), requires_sequence=False,
            verbose=False,
        )  # fmt: skip
        self.n_units, self.n_weights = s["n_units"], 0

    def learn(self, X: Array, y: Array, washout: int) -> None:
        self.model.set_params(washout=washout)
        self.model.fit(X, y)
        self.n_weights = (self.n_units + 1) * y.shape[1]

    def outputs(self, X: Array) -> Array:
        return np.asarray(self.model.predict(X))


class _Echoes:
    def __init__(self, s: Settings, seed: int) -> None:
        self.model = load("echoes").ESNRegressor(
            n_reservoir=s["n_units"], spectral_radius=s["spectral_radius"], random_state=seed,
            leak_rate=s["leak_rate"], bias=s["bias_scaling"], input_scaling=s["input_scaling"],
            regression_method="ridge", ridge_alpha=s["alpha"],  # predict leaves an intercept out
        )  # fmt: skip
        self.n_units, self.n_weights = s["n_units"], 0

    def learn(self, X: Array, y: Array, washout: int) -> None:
        self.model.set_params(n_transient=washout)
        self.model.fit(X, y)
        self.n_weights = (self.n_units + 1) * y.shape[1]

    def outputs(self, X: Array) -> Array:
        return np.asarray(self.model.predict(X))


PEERS: dict[str, tuple[str, Callable[[Settings, int], _Peer]]] = {
    "reservoirpy": ("ReservoirPy", _ReservoirPy),
    "pyrcn": ("PyRCN", _PyRCN),
    "echoes": ("echoes", _Echoes),
}


def builder(name: str) -> Callable[..., PeerForecaster]:
    """Return the builder of a method, of settings named like ours and with our defaults.

    Parameters
    ----------
    name : a key of PEERS
    """

    def build(settings: Settings, task: Task, data: Split | Filter, seed: int) -> PeerForecaster:
        every = {**ESNRegressor().get_params(), "n_units": task.n_units, **settings}
        return PeerForecaster(PEERS[name][1](every, seed), min(data.washout, data.n_train // 4))

    return build


COLOURS = {"reservoirpy": "#D55E00", "pyrcn": "#E69F00", "echoes": "#009E73"}
METHODS = [
    Method(
        name,
        title,
        builder(name),
        colour=COLOURS[name],
        on_request=True,
        kinds=(Split, Filter),
    )
    for name, (title, _) in PEERS.items()
]
