"""Other libraries' echo state networks as methods (the extra `peers`).

Each is built from the same names as ours and is run through its public interface only. Where a
library cannot carry a state on, the whole past is run again before every step of a free run.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from types import ModuleType
from typing import Protocol, Self, runtime_checkable

import numpy as np

from benchmarks.methods.base import Method
from benchmarks.tasks.base import Settings, Task
from benchmarks.tasks.data import Array
from benchmarks.tasks.kinds import Filter
from benchmarks.tasks.split import Split
from reservoirs import ESNRegressor


class Peer(Protocol):
    """A model of another library, behind the two calls that all of them have."""

    def learn(self, X: Array, y: Array, washout: int) -> int:
        """Fit; return the number of trained weights."""

    def outputs(self, X: Array) -> Array:
        """Return the outputs for rows, from the rest state."""


@runtime_checkable
class SteppingPeer(Peer, Protocol):
    """A model that goes on from the state after its last row."""

    def step(self, row: Array) -> Array:
        """Return the output of shape (1, n_outputs) for one more row."""


def load(name: str, remedy: str = "'reservoirs[peers]'") -> ModuleType:
    """Import a module of another library; the remedy is what to install for it.

    Raises
    ------
    ImportError
        With the remedy, if it is not installed.
    """
    try:
        return import_module(name)
    except ImportError as error:
        raise ImportError(f"needs {name.split('.')[0]}: pip install {remedy}") from error


class PeerForecaster:
    """Closed-loop forecasts with another library, through its public interface.

    `peer` is the library's model; it leaves out the first `washout` training rows.
    """

    def __init__(self, peer: Peer, washout: int) -> None:
        self.peer, self.washout = peer, washout

    def fit(self, X: Array, y: Array) -> Self:
        """Learn."""
        self.n_outputs = y.shape[1]
        self.n_weights = self.peer.learn(X, y, self.washout)
        return self

    def predict(self, X: Array, *, context: Array) -> Array:
        """Return the output for every row, after the context."""
        return self._outputs(np.vstack([context, X]))[len(context) :]

    def forecast(self, n_steps: int, *, context: Array, exog: Array | None) -> Array:
        """Feed every prediction back."""
        n_context = len(context)
        inputs = np.empty((n_context + n_steps - 1, 0)) if exog is None else exog
        if isinstance(self.peer, SteppingPeer):
            predictions = [self._outputs(np.hstack([context, inputs[:n_context]]))[-1:]]
            for t in range(n_context, n_context + n_steps - 1):
                row = np.hstack([predictions[-1], inputs[t : t + 1]])
                predictions.append(self.peer.step(row))
            return np.vstack(predictions)
        # no state to go on from: the whole past runs again before every step
        rows = context
        for t in range(n_context, n_context + n_steps):
            prediction = self._outputs(np.hstack([rows, inputs[:t]]))[-1:]
            rows = np.vstack([rows, prediction])
        return rows[n_context:]

    def _outputs(self, rows: Array) -> Array:
        return np.asarray(self.peer.outputs(rows)).reshape(len(rows), self.n_outputs)


class ReservoirPy:
    """ReservoirPy's Reservoir and Ridge nodes.

    `s` holds settings named like those of `ESNRegressor`; the seed is that of the weights.
    """

    def __init__(self, s: Settings, seed: int) -> None:
        nodes = load("reservoirpy.nodes")
        self.n_units = s["n_units"]
        reservoir = nodes.Reservoir(
            self.n_units,
            lr=s["leak_rate"],
            sr=s["spectral_radius"],
            seed=seed,
            input_scaling=s["input_scaling"],
            input_connectivity=1.0,
            bias=s["bias_scaling"],
        )
        self.model = reservoir >> nodes.Ridge(ridge=s["alpha"])

    def learn(self, X: Array, y: Array, washout: int) -> int:
        """Fit; return the number of trained weights."""
        self.model.fit(X, y, warmup=washout)
        return int((self.n_units + 1) * y.shape[1])

    def outputs(self, X: Array) -> Array:
        """Return the outputs for rows, from the rest state."""
        self.model.reset()
        return np.asarray(self.model.run(X))

    def step(self, row: Array) -> Array:
        """Return the output for one more row."""
        return np.asarray(self.model.step(row[0])).reshape(1, -1)


class PyRCN:
    """PyRCN's ESNRegressor; parameters as for `ReservoirPy`."""

    def __init__(self, s: Settings, seed: int) -> None:
        blocks, network = load("pyrcn.base.blocks"), load("pyrcn.echo_state_network")
        linear = load("pyrcn.linear_model")
        self.n_units = s["n_units"]
        self.model = network.ESNRegressor(
            input_to_node=blocks.InputToNode(
                hidden_layer_size=self.n_units,
                input_activation="identity",
                random_state=seed,
                input_scaling=s["input_scaling"],
                bias_scaling=s["bias_scaling"],
            ),
            node_to_node=blocks.NodeToNode(
                hidden_layer_size=self.n_units,
                spectral_radius=s["spectral_radius"],
                leakage=s["leak_rate"],
                random_state=seed + 1,
            ),
            regressor=linear.IncrementalRegression(alpha=s["alpha"]),
            requires_sequence=False,
            verbose=False,
        )

    def learn(self, X: Array, y: Array, washout: int) -> int:
        """Fit; return the number of trained weights."""
        self.model.set_params(washout=washout).fit(X, y)
        return int((self.n_units + 1) * y.shape[1])

    def outputs(self, X: Array) -> Array:
        """Return the outputs for rows, from the rest state."""
        return np.asarray(self.model.predict(X))


class Echoes:
    """The ESNRegressor of echoes; parameters as for `ReservoirPy`."""

    def __init__(self, s: Settings, seed: int) -> None:
        self.n_units = s["n_units"]
        self.model = load("echoes").ESNRegressor(
            n_reservoir=self.n_units,
            spectral_radius=s["spectral_radius"],
            random_state=seed,
            leak_rate=s["leak_rate"],
            bias=s["bias_scaling"],
            input_scaling=s["input_scaling"],
            regression_method="ridge",
            ridge_alpha=s["alpha"],  # predict leaves an intercept out
        )

    def learn(self, X: Array, y: Array, washout: int) -> int:
        """Fit; return the number of trained weights."""
        self.model.set_params(n_transient=washout).fit(X, y)
        return int((self.n_units + 1) * y.shape[1])

    def outputs(self, X: Array) -> Array:
        """Return the outputs for rows, from the rest state."""
        return np.asarray(self.model.predict(X))


PEERS: dict[str, tuple[str, Callable[[Settings, int], Peer]]] = {
    "reservoirpy": ("ReservoirPy", ReservoirPy),
    "pyrcn": ("PyRCN", PyRCN),
    "echoes": ("echoes", Echoes),
}


def builder(name: str) -> Callable[..., PeerForecaster]:
    """Return the builder of a method, of settings named like ours and with our defaults.

    The name is a key of PEERS; the result is what `Method.build` is.
    """

    def build(settings: Settings, task: Task, data: Split | Filter, seed: int) -> PeerForecaster:
        parameters = {**ESNRegressor().get_params(), "n_units": task.n_units, **settings}
        washout = min(data.washout, data.n_train // 4)
        return PeerForecaster(PEERS[name][1](parameters, seed), washout)

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
