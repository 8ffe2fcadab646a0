"""The types of local models that a file may hold, with their checks."""

from __future__ import annotations

from functools import lru_cache

from reservoirs.forecasting import TrainingEnd
from reservoirs.local import LocalForecaster
from reservoirs.local.features import ReservoirFeatures
from reservoirs.local.grid import Grid
from reservoirs.local.model import PatchReadout
from reservoirs.local.polynomials import PolynomialFeatures
from reservoirs.local.rates import LocalLaw
from reservoirs.local.stream import Examples, PatchSums, Units
from reservoirs.persistence.attributes import Hints
from reservoirs.persistence.registry import check_shapes, register
from reservoirs.readout import SOLVERS
from reservoirs.sequences import Array
from reservoirs.targets import TargetKind

FORECASTER: Hints = {
    "last_states_": list[Array],
    "target_kind_": TargetKind,
    "training_end_": TrainingEnd,
}
STREAM: Hints = {
    "examples": Examples,
    "solver": str,
    "shared": bool,
    "noise": float,
    "key": int,
    "washout": int,
    "share": float,
    "units": Units | None,
    "sums": list[object],
    "states": Array,
    "waiting": Array,
    "row": int,
    "n_series": int,
    "own": bool,
}


@lru_cache
def register_local() -> None:
    """Register them, once."""
    for part in (Units, ReservoirFeatures, PatchReadout, Examples):
        register(part, attributes={})
    register(PolynomialFeatures, check=_check_polynomials, attributes={})
    register(LocalLaw, attributes={})
    register(Grid, check=_check_grid, attributes={})
    register(PatchSums, check=_check_sums, attributes=STREAM)
    register(LocalForecaster, check=_check_forecaster, attributes=FORECASTER)


def _check_grid(grid: Grid) -> None:
    """Refuse columns that are none of the field."""
    check_shapes("Grid", vars(grid), {"inputs": (grid.n_patches, len(grid.places))})
    for name in ("inputs", "outputs"):
        columns = getattr(grid, name)
        outside = grid.channels if name == "inputs" else 0
        if columns.ndim != 2 or columns.dtype.kind != "i" or not columns.size:
            raise ValueError(f"Grid.{name} must be columns, (n_patches, n)")
        if columns.min() < -outside or columns.max() >= grid.n_columns:
            raise ValueError(f"Grid.{name} must be columns of the field")


def _check_polynomials(features: PolynomialFeatures) -> None:
    """Refuse factors that a compiled loop would read beyond its rows."""
    (n_components,), n = features.directions.shape[1:], len(features.exponents)
    shapes = {"centre": (len(features.directions),), "sizes": (n,)}
    check_shapes("PolynomialFeatures", vars(features), shapes)
    factors = [k for index in features.exponents for k in index]
    if not n or not all(features.exponents) or not 0 <= min(factors) <= max(factors) < n_components:
        raise ValueError("PolynomialFeatures.exponents must be numbers of its components")


def _check_sums(stream: PatchSums) -> None:
    if stream.solver not in SOLVERS:
        raise ValueError(f"solver must be one of {sorted(SOLVERS)}, got {stream.solver!r}")
    grid = stream.examples.grid
    check_shapes("PatchSums", vars(stream), {"waiting": (None, grid.n_columns)})
    _check_features(stream.examples.features, grid, [stream.states])


def _check_forecaster(model: LocalForecaster) -> None:
    if not hasattr(model, "model_"):
        return
    grid = model.grid_
    if grid.n_columns != model.n_features_in_ or grid.channels != len(model.units_.mean):
        raise ValueError("grid_ is not one of n_features_in_ columns")
    if isinstance(model.model_, LocalLaw):
        law, sides = model.model_, (grid.outputs.shape[1], model.model_.features.width)
        check_shapes("LocalLaw", vars(law), {"coefficients": sides, "intercept": sides[:1]})
        _check_features(law.features, grid, [])
        return
    fitted, n_patches = model.model_, 1 if model.shared else grid.n_patches
    if isinstance(fitted, PatchReadout):
        n_outputs, width = grid.outputs.shape[1], fitted.features.width
        shapes = {
            "coefficients": (n_patches, n_outputs, width),
            "intercept": (n_patches, n_outputs),
        }
        check_shapes("PatchReadout", vars(fitted), shapes)
        _check_features(fitted.features, grid, [model.start_[None], *model.last_states_])


def _check_features(features: object, grid: Grid, states: list[Array]) -> None:
    """Refuse a reservoir of other sizes than the windows and states that a compiled loop reads."""
    if isinstance(features, PolynomialFeatures):
        shape = {"directions": (grid.inputs.shape[1], None)}
        check_shapes("PolynomialFeatures", vars(features), shape)
    if not isinstance(features, ReservoirFeatures):
        return
    reservoir, n_inputs = features.reservoir, grid.inputs.shape[1]
    shapes = {"input_weights_": (reservoir.n_units, n_inputs)}
    check_shapes("Reservoir", vars(reservoir), shapes)
    for state in states:
        check_shapes("states", {"states": state}, {"states": (None, reservoir.n_units)})
