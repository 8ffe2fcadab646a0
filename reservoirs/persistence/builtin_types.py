"""The types of this package, and of scikit-learn's, that a file may hold, with their checks."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import scipy.sparse
from sklearn.base import BaseEstimator

from reservoirs.esn import ESNClassifier, ESNRegressor
from reservoirs.esn.chunks import ChunkedSums
from reservoirs.esn.features import Noise
from reservoirs.esn.nearest import AHEAD, StartStates
from reservoirs.esn.reading import READINGS, Reading
from reservoirs.esn.upgrades import upgrade_names, upgrade_stream
from reservoirs.estimators.activity import Activity, TrainingActivity
from reservoirs.forecaster import Forecaster
from reservoirs.forecaster.branch import Branch, Inputs
from reservoirs.forecaster.combined import CombinedForecast, Past, Way
from reservoirs.forecaster.refits import Refit
from reservoirs.forecaster.transforms import Transform
from reservoirs.forecasting.interval_rows import IntervalRows
from reservoirs.forecasting.training_end import TrainingEnd, upgrade_state
from reservoirs.hybrid import HybridForecaster
from reservoirs.invertible import Difference, Log
from reservoirs.nvar import NVAR, NVARRegressor
from reservoirs.persistence.builtin_attributes import ATTRIBUTES, SKLEARN, SUMS
from reservoirs.persistence.local_types import register_local
from reservoirs.persistence.registry import State, check_shapes, register
from reservoirs.plasticity import IntrinsicPlasticity
from reservoirs.readout import SOLVERS, DualRows, Readout
from reservoirs.reservoir import Reservoir
from reservoirs.scaling import SequenceScaler
from reservoirs.sequences import Array, Layout
from reservoirs.topology import TOPOLOGIES

FORM_OF_OLD_FILES: State = {
    "form": "map",
    "dt": 1.0,
    "order": 8,
    "substeps": 4,
    "n_terms": None,
    "dtype": "float64",
}


NEW = ("mixing", "intrinsic_plasticity")  # parameters of a reservoir, None before there were any


def register_all() -> None:
    """Register the built-in types; the variants that registries name are looked up anew."""
    _register_fixed()
    register_local()
    for sums in (*SOLVERS.values(), DualRows):
        register(sums, attributes=SUMS.get(sums))
    for topology in TOPOLOGIES.values():
        if isinstance(topology, BaseEstimator):  # one with settings; others are functions
            register(type(topology))


@lru_cache
def _register_fixed() -> None:
    """Register the types of this package and the common ones of scikit-learn, once."""
    # not with the file: `import reservoirs` loads neither pipelines nor linear models
    from sklearn import compose, linear_model, pipeline, preprocessing

    fixed = (Layout, TrainingEnd, IntervalRows, Noise, Readout, NVAR, Activity, TrainingActivity)
    for cls in fixed:
        register(cls, attributes=ATTRIBUTES.get(cls, {}))
    register(StartStates, attributes={})
    for part in (Transform, Inputs, Branch, Refit, Way, Past, CombinedForecast):
        register(part, attributes={})
    for step in (Difference, Log):
        register(step, check=_check_levels, attributes=ATTRIBUTES[step])
    register(IntrinsicPlasticity)
    register(Forecaster, check=_check_forecaster, attributes=ATTRIBUTES[Forecaster])
    register(HybridForecaster, check=_check_hybrid, attributes=ATTRIBUTES[HybridForecaster])
    # its name in files of 0.1.0
    register(
        ChunkedSums,
        name="reservoirs.Stream",
        check=_check_stream,
        upgrade=upgrade_stream,
        attributes=ATTRIBUTES[ChunkedSums],
    )
    register(
        Reservoir,
        check=_check_reservoir,
        upgrade=lambda attributes: {**dict.fromkeys(NEW), **attributes},
        attributes=ATTRIBUTES[Reservoir],
    )
    register(
        NVARRegressor,
        check=_check_nvar,
        upgrade=_upgrade_nvar,
        attributes=ATTRIBUTES[NVARRegressor],
    )
    register(
        SequenceScaler,
        check=_check_scaler,
        upgrade=lambda attributes: {"per_series": False, **attributes},  # as 0.1.0 did
        attributes=ATTRIBUTES[SequenceScaler],
    )
    register(
        ESNRegressor,
        check=_check_esn,
        upgrade=_upgrade_esn_regressor,
        attributes=ATTRIBUTES[ESNRegressor],
    )
    register(
        ESNClassifier,
        check=_check_esn,
        upgrade=_upgrade_esn_classifier,
        attributes=ATTRIBUTES[ESNClassifier],
    )
    for module in (preprocessing, linear_model, pipeline, compose):
        for name, attributes in SKLEARN[module.__name__].items():
            check = _check_scaler if name.endswith("Scaler") else None
            register(getattr(module, name), check=check, attributes=attributes)


def _upgrade_esn_regressor(attributes: State) -> State:
    state = upgrade_state(upgrade_names(attributes))
    # before there were such parameters
    return {"alpha_horizon": None, "forgetting": 1.0, "interval_origins": None, **state}


def _upgrade_nvar(attributes: State) -> State:
    state = upgrade_state(attributes)
    return {"alpha_horizon": None, "interval_origins": None, **FORM_OF_OLD_FILES, **state}


def _upgrade_esn_classifier(attributes: State) -> State:
    return {"class_weight": None, "standardize": False, **upgrade_names(attributes)}


def _shapes(model: object, shapes: dict[str, tuple[int | None, ...]]) -> None:
    check_shapes(type(model).__name__, vars(model), shapes)


def _check_scaler(scaler: SequenceScaler) -> None:
    if hasattr(scaler, "n_features_in_"):
        names = ("mean_", "scale_", "var_", "min_", "center_", "data_min_", "data_max_", "max_abs_")
        each = (len(scaler.mean_),) if getattr(scaler, "per_series", False) else ()
        _shapes(scaler, dict.fromkeys(names, (*each, scaler.n_features_in_)))


def _check_reservoir(reservoir: Reservoir) -> None:
    if not hasattr(reservoir, "recurrent_weights_"):
        return
    n, weights = reservoir.n_units, reservoir.recurrent_weights_
    shapes = {"recurrent_weights_": (n, n), "bias_": (n,)}
    mixed = {"mixing_weights_": (n, n)} if reservoir.mixing is not None else {}
    _shapes(reservoir, {"intrinsic_gain_": (n,), "intrinsic_bias_": (n,)})
    if mixed.keys() - vars(reservoir).keys():
        raise ValueError("Reservoir lacks mixing_weights_, which its mixing needs")
    _shapes(reservoir, {**shapes, **mixed, "input_weights_": (n, reservoir.n_features_in_)})
    if scipy.sparse.issparse(weights):
        weights.check_format(full_check=True)


def _check_esn(esn: ESNRegressor | ESNClassifier) -> None:
    if not hasattr(esn, "coef_"):
        return
    n, width = esn.n_units, _reading(esn).width(esn.n_units, esn.n_features_in_)
    if esn.target_kind_ == "per_series":
        if esn._pooling.needs_medians and len(esn.medians_) != width:
            raise ValueError(f"medians_ must have {width} numbers, got {len(esn.medians_)}")
        _shapes(esn, {"medians_": (width,)})
        width *= esn._pooling.n_parts
    n_outputs = len(esn.intercept_)
    shapes = {"coef_": (n_outputs, width), "intercept_": (n_outputs,)}
    _shapes(esn, {**shapes, "mean_state_": (n,), "last_states_": (None, n)})
    inner = esn.reservoir_
    if type(inner.n_units) is not type(n) or inner.n_units != n:
        raise ValueError(f"reservoir_ does not have n_units={n} units")
    _check_reservoir(inner)
    if hasattr(esn, "start_states_"):
        _check_starts(esn.start_states_, n, esn.n_features_in_)
    _shapes(inner, {"input_weights_": (n, esn.n_features_in_)})


def _reading(model: ESNRegressor | ESNClassifier | ChunkedSums) -> Reading:
    if model.readout_features not in READINGS:
        raise ValueError(
            f"readout_features must be one of {sorted(READINGS)}, got {model.readout_features!r}"
        )
    return READINGS[model.readout_features]


def _check_levels(step: Difference | Log) -> None:
    if not hasattr(step, "n_levels_"):
        return
    if not 1 <= step.n_levels_ <= step.n_features_in_:
        raise ValueError(f"{type(step).__name__} has not n_levels_ of n_features_in_ columns")
    for state in getattr(step, "last_states_", ()):
        check_shapes(
            type(step).__name__, {"last_states_": state}, {"last_states_": (None, step.n_levels_)}
        )


def _check_forecaster(model: Forecaster) -> None:
    """Refuse parts of other sizes than a compiled loop would read."""
    if not hasattr(model, "models_"):
        return
    d, pasts = model.training_end_.n_outputs, model.last_states_
    if {len(model.season_), len(model.horizon_), len(pasts)} != {len(model.models_)}:
        raise ValueError("Forecaster has not one model for each series")
    for combined, past in zip(model.models_, pasts, strict=True):
        check_shapes("CombinedForecast", vars(combined), {"y": (None, d)})
        check_shapes("Past", vars(past), {"tail": (None, d), "low": (d,), "high": (d,)})
        if not 0 <= past.number < len(pasts) or len(past.states) != len(combined.used):
            raise ValueError("Past has not one list of states for each way")
        for way, states in zip(combined.used, past.states, strict=True):
            if way.n_before >= len(combined.y):
                raise ValueError("Way reaches back beyond its series")
            if way.branch is not None:
                _check_branch(way.branch, states, (d, model.n_features_in_))


def _check_branch(branch: Branch, states: list[Array], sizes: tuple[int, int]) -> None:
    d, n_features = sizes
    _shapes(branch, dict.fromkeys(("mean", "scale", "low", "high"), (d,)))
    if not len(branch.reservoirs) == len(branch.readouts) == len(states):
        raise ValueError("Branch has not one readout and one state for each member")
    for reservoir, readout, state in zip(branch.reservoirs, branch.readouts, states, strict=True):
        _shapes(reservoir, {"input_weights_": (reservoir.n_units, n_features)})
        width = reservoir.n_units + branch.n_columns(d) + n_features - d
        arrays = {"C": readout[0], "c": readout[1], "state": state}
        shapes = {"C": (1, d, width), "c": (1, d), "state": (reservoir.n_units,)}
        check_shapes("Branch", arrays, shapes)


def _check_starts(starts: StartStates, n_units: int, n_features: int) -> None:
    n = len(starts.ranks)
    shapes = {"states": (n, n_units), "inputs": (n, AHEAD, n_features), "ranks": (n,)}
    check_shapes("StartStates", vars(starts), shapes)


def _check_stream(stream: ChunkedSums) -> None:
    """Refuse sums whose arrays a compiled loop would read or write beyond their ends."""
    _reading(stream)
    activity, n_features = stream.activity, stream.reservoir.n_features_in_
    width = stream.reservoir.n_units + n_features if activity.n_rows else 0
    check_shapes("Activity", vars(activity), {"centre": (width,), "sums": (3, width)})
    check_shapes("ChunkedSums", vars(stream), {"tail": (None, n_features)})
    n_units = stream.reservoir.n_units
    _check_starts(stream.starts, n_units, n_features)
    for state, rows, _ in stream.waiting:
        waiting = {"state": state, "rows": rows}
        check_shapes("waiting", waiting, {"state": (n_units,), "rows": (None, n_features)})
    if {activity.centre.dtype, activity.sums.dtype} != {np.dtype(np.float64)}:
        raise ValueError("Activity.centre and Activity.sums must be float64")


def _check_hybrid(model: HybridForecaster) -> None:
    """Refuse a network that reads other columns than those of the rows and of the model."""
    if not model.__sklearn_is_fitted__():
        return
    width = model.n_features_in_ + model.n_model_columns_
    if model._learner.n_features_in_ != width:
        raise ValueError(f"estimator_ does not read {width} columns")


def _check_nvar(model: NVARRegressor) -> None:
    if not hasattr(model, "coef_"):
        return
    features, n_features = model.features_, model.n_features_in_
    if type(features.exponents_) is not list:
        raise ValueError("exponents_ of features_ must be a list")
    names = ["coef_", "intercept_"]
    if model.dtype == "longdouble":
        names += ["coef_low_", "intercept_low_"]
    n_monomials = len(features.exponents_)
    shapes = [(None, n_monomials) if name.startswith("coef") else (None,) for name in names]
    _shapes(model, dict(zip(names, shapes, strict=True)))
    highest = max((k for product in features.exponents_ for k in product), default=0)
    n_delays = 1 if model.form == "rate" else features.n_delays
    if (
        len({len(getattr(model, name, ())) for name in names}) > 1
        or features.n_features_in_ != n_features
        or highest >= n_delays * n_features
    ):
        raise ValueError("coef_, intercept_ and the products of features_ do not fit together")
