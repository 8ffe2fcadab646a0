"""The attributes that files may give to the types of this package, and of scikit-learn's.

Parameters of constructors, fields of dataclasses and annotated attributes come from the classes
themselves (`attributes`); here is what methods set without declaring it. `save` names an attribute
that is missing here.
"""

from __future__ import annotations

from collections.abc import Hashable

import scipy.sparse
from sklearn.base import BaseEstimator

from reservoirs.esn import ESNClassifier, ESNRegressor
from reservoirs.esn.chunks import ChunkedSums
from reservoirs.esn.features import Noise
from reservoirs.esn.gathering import Waiting
from reservoirs.esn.nearest import StartStates
from reservoirs.estimators.activity import Activity, TrainingActivity
from reservoirs.forecaster import Forecaster
from reservoirs.forecaster.combined import CombinedForecast, Past
from reservoirs.forecasting.interval_rows import IntervalRows
from reservoirs.forecasting.loop import Loop
from reservoirs.forecasting.training_end import TrainingEnd
from reservoirs.hybrid import HybridForecaster
from reservoirs.invertible import Difference, Log
from reservoirs.nvar import NVAR, NVARRegressor
from reservoirs.persistence.attributes import Hints
from reservoirs.readout import DualRows, GramSums, QRSums, Readout
from reservoirs.reservoir import Reservoir
from reservoirs.scaling import SequenceScaler
from reservoirs.sequences import Array
from reservoirs.targets import TargetKind

States = Array | list[Array]
GRAM: Hints = {
    "n_rows": int,
    "feature_centre": Array,
    "feature_sum": Array,
    "target_centre": Array,
    "target_sum": Array,
    "gram": Array,
    "cross": Array,
    "totals": Array,
    "centred": bool,
}
SUMS: dict[type, Hints] = {
    GramSums: GRAM,
    QRSums: {"n_features": int, "factor": Array, "n_rows": int},
    DualRows: {"features": Array, "targets": Array},
}
ESN: Hints = {
    "target_kind_": TargetKind,
    "reservoir_": Reservoir,
    "readout_": Readout,
    "alpha_": float,
    "coef_": Array,
    "intercept_": Array,
    "last_states_": States,
    "mean_state_": Array,
    "medians_": Array,
    "seed_": int,
    "auto_initial_state_": str,
    "activity_": TrainingActivity,
    "start_states_": StartStates,
}
LEVELS: Hints = {"last_states_": States, "training_end_": TrainingEnd}
CHOSEN: Hints = {
    "alpha_scores_": Array,
    "n_diverged_loops_": int,
    "interval_rows_": IntervalRows | None,
}
ATTRIBUTES: dict[type, Hints] = {
    ESNRegressor: {**ESN, **CHOSEN, "training_end_": TrainingEnd, "stream_": ChunkedSums},
    ESNClassifier: {**ESN, "classes_": Array, "alpha_scores_": Array},
    Reservoir: {
        "recurrent_weights_": Array | scipy.sparse.csr_array,
        "input_weights_": Array,
        "bias_": Array,
        "mixing_weights_": Array,
        "intrinsic_gain_": Array,
        "intrinsic_bias_": Array,
        "last_states_": States,
        "training_end_": TrainingEnd,
    },
    NVAR: {
        "exponents_": list[tuple[int, ...]],
        "last_states_": States,
        "training_end_": TrainingEnd,
    },
    NVARRegressor: {
        **CHOSEN,
        "features_": NVAR,
        "coef_": Array,
        "intercept_": Array,
        "coef_low_": Array,
        "intercept_low_": Array,
        "alpha_": float,
        "last_states_": States,
        "target_kind_": TargetKind,
        "training_end_": TrainingEnd,
    },
    Forecaster: {
        "season_": list[int],
        "horizon_": list[int],
        "models_": list[CombinedForecast],
        "residuals_": list[Array],
        "cv_results_": dict[str, list[object]],
        "labels_": list[object],
        "last_states_": list[Past],
        "training_end_": TrainingEnd,
    },
    HybridForecaster: {
        "estimator_": BaseEstimator,
        "n_targets_": int,
        "n_model_columns_": int,
        "last_states_": States,
        "interval_rows_": IntervalRows | None,
        "target_kind_": TargetKind,
        "training_end_": TrainingEnd,
    },
    Difference: LEVELS,
    Log: LEVELS,
    SequenceScaler: {"mean_": Array, "scale_": Array, "series_names_": list[Hashable] | None},
    ChunkedSums: {
        "reservoir": Reservoir,
        "sums": object,
        "washout": int,
        "noise": Noise | None,
        "forgetting": float,
        "readout_features": str,
        "n_series": int,
        "row": int,
        "state": Array,
        "features": list[Array],
        "targets": list[Array],
        "ended_features": list[Array],
        "ended_targets": list[Array],
        "n_ended": int,
        "last_pair": tuple[Array, Array] | None,
        "loop": Loop | None,
        "closes": bool,
        "activity": Activity,
        "tail": Array,
        "starts": StartStates,
        "waiting": list[Waiting],
        "warned": bool,
    },
    Activity: {"n_rows": int, "centre": Array, "sums": Array},
}
LINEAR: Hints = {
    "coef_": Array,
    "intercept_": Array | float,
    "n_iter_": Array | int | None,
    "solver_": str,
    "classes_": Array,
    "multi_class": str,  # a parameter until 1.8
}
SCALED: Hints = {"n_samples_seen_": Array | int | float, "scale_": Array | None}
SKLEARN: dict[str, dict[str, Hints]] = {
    "sklearn.preprocessing": {
        "StandardScaler": {**SCALED, "mean_": Array | None, "var_": Array | None},
        "MinMaxScaler": {
            **SCALED,
            **dict.fromkeys(("min_", "data_min_", "data_max_", "data_range_"), Array),
        },
        "MaxAbsScaler": {**SCALED, "max_abs_": Array},
        "RobustScaler": {"center_": Array | None, "scale_": Array | None},
        "LabelBinarizer": {"y_type_": str, "sparse_input_": bool, "classes_": Array},
    },
    "sklearn.linear_model": {
        "Ridge": LINEAR,
        "LogisticRegression": LINEAR,
        "RidgeClassifier": {**LINEAR, "_label_binarizer": BaseEstimator},
    },
    # a folder of joblib's holds pickles: no file may choose where they are read from
    "sklearn.pipeline": {"Pipeline": {"memory": None}},
    "sklearn.compose": {
        "TransformedTargetRegressor": {
            "_training_dim": int,
            "transformer_": BaseEstimator,
            "regressor_": BaseEstimator,
        }
    },
}
