"""Models of several parts taken apart into nodes, by the kind of each."""

from __future__ import annotations

from copy import copy

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from reservoirs.estimators.settings import check_settings
from reservoirs.forecasting.composed import OWN_UNITS, WANTED, ComposedModel
from reservoirs.forecasting.levels import LevelTransformer
from reservoirs.forecasting.model import ClosedLoopModel
from reservoirs.forecasting.nodes import (
    Average,
    Chain,
    Foreign,
    Inverse,
    Node,
    Ours,
    OwnUnits,
    Union,
    is_affine,
)
from reservoirs.forecasting.restored import Restored
from reservoirs.forecasting.training_end import check_loop
from reservoirs.scaling import SequenceScaler

LEVELS = (
    "the loop cannot close: Log and Difference must be the first steps, with nothing but scalers "
    "between them and a regressor of this library (of several series none that scales each by "
    "itself), fitted in one Pipeline without memory= on X, y = next_step(series), arrays or "
    "DataFrames"
)

ALONE = (
    "transforms its series itself, and what it forecasts behind step {!r} would be in the units of "
    "that step: fit it alone, on the series, with known inputs as exog="
)


def closed_loop_model(model: object) -> ClosedLoopModel:
    """Return a model as one whose predictions can become its next inputs.

    The model is a fitted regressor of this library, returned itself, or a Pipeline, search,
    VotingRegressor or TransformedTargetRegressor with a part of this library, returned as one.

    Raises
    ------
    TypeError
        For another kind of model.
    ValueError
        If the loop cannot close.
    """
    while "best_estimator_" in getattr(model, "__dict__", {}):  # a search
        model = model.best_estimator_  # type: ignore[attr-defined]
    if hasattr(model, "_closed_loop"):
        # scikit-learn's own check takes a tenth of a short forecast; it writes the error
        if not model.__sklearn_is_fitted__():  # type: ignore[attr-defined]
            check_is_fitted(model)
        check_settings(model)  # set_params may have come after fit
        found: ClosedLoopModel = model  # type: ignore[assignment]
    elif isinstance(model, BaseEstimator):
        found = ComposedModel(model, as_node(model, type(model).__name__, final=True))
    else:
        raise TypeError(WANTED + type(model).__name__)
    check_loop(found.training_end_)
    return found


def is_ours(model: object) -> bool:
    """Tell whether a model is a part of this library that carries a state along a series."""
    return hasattr(model, "_drive") and hasattr(model, "_start_states")


def as_node(model: object, name: str, *, final: bool) -> Node:
    """Return a fitted model, or a step of one, as a node.

    It is ours, a Pipeline, a FeatureUnion, a search, VotingRegressor, TransformedTargetRegressor,
    or one of another library that takes every row for itself; `name` is what an error calls it. The
    outputs of a final node are the predictions.

    Raises
    ------
    ValueError
        If steps stand where what they do could not be undone.
    """
    # scikit-learn's meta-estimators load much, and `import reservoirs` nothing of them: by name
    kinds = {cls.__name__ for cls in type(model).__mro__}
    if is_ours(model):
        check_is_fitted(model)
        check_settings(model)  # set_params may have come after fit
        return Ours(model, final)  # type: ignore[arg-type]
    if "best_estimator_" in vars(model):  # a search
        return as_node(model.best_estimator_, name, final=final)  # type: ignore[attr-defined]
    if "Pipeline" in kinds:
        steps = [(n, s) for n, s in model.steps if s not in (None, "passthrough")]  # type: ignore[attr-defined]
        last = getattr(steps[-1][1], "best_estimator_", steps[-1][1])
        if len(steps) > 1 and getattr(last, "transforms_itself", False):
            raise ValueError(f"{type(last).__name__} {ALONE.format(steps[-2][0])}")
        nodes = [as_node(step, n, final=final and step is steps[-1][1]) for n, step in steps]
        return _as_chain(nodes, [step for _, step in steps])
    if "FeatureUnion" in kinds:
        return _as_union(model)
    if "VotingRegressor" in kinds:
        check_is_fitted(model)
        given = model.weights or [1.0] * len(model.estimators)  # type: ignore[attr-defined]
        kept = [w for w, (_, e) in zip(given, model.estimators, strict=True) if e != "drop"]  # type: ignore[attr-defined]
        weights = np.asarray(kept, dtype=np.float64)
        nodes = [as_node(member, name, final=True) for member in model.estimators_]  # type: ignore[attr-defined]
        return Average(nodes, (weights / weights.sum()).tolist())
    if "TransformedTargetRegressor" in kinds:
        check_is_fitted(model)
        inside = as_node(model.regressor_, name, final=True)  # type: ignore[attr-defined]
        return Inverse([inside], model.transformer_)  # type: ignore[attr-defined]
    check_is_fitted(model)
    method = "predict" if final else "transform"
    return Foreign(name, _without_names(model) if is_affine(model) else model, method)


def _without_names(scaler: object) -> object:
    """Return a scaler that takes arrays: a row as a DataFrame costs ten times its arithmetic."""
    bare = copy(scaler)
    for name in ("feature_names_in_", "_sklearn_output_config"):  # the dict is that of the scaler
        vars(bare).pop(name, None)
    return bare.set_output(transform="default") if hasattr(bare, "set_output") else bare


def _as_chain(nodes: list[Node], steps: list[object]) -> Chain:
    """Return the steps of a Pipeline as a node; what a scaler of each series reaches as one."""
    apart = tuple(s for s in steps if isinstance(s, LevelTransformer))
    transformed = getattr(steps[-1], "transformed_target_", False)
    if apart or transformed:
        first = all(s is step for s, step in zip(apart, steps, strict=False))
        between = steps[len(apart) : -1]
        if not (apart and transformed and first and all(map(is_affine, between))):
            raise ValueError(LEVELS)
        return Restored(nodes, apart)
    scalers = [i for i, s in enumerate(steps) if getattr(s, "per_series", False)]
    learned = getattr(steps[-1], "own_units_", False)
    if learned and scalers == [0] and len(nodes) == 2 and isinstance(steps[0], SequenceScaler):
        return OwnUnits(nodes[1:], steps[0])
    if learned or scalers:
        raise ValueError(OWN_UNITS)
    return Chain(nodes)


def _as_union(model: object) -> Union:
    given = model.transformer_weights or {}  # type: ignore[attr-defined]
    nodes, weights = [], []
    for name, step in model.transformer_list:  # type: ignore[attr-defined]
        if step in ("drop", None):
            continue
        nodes.append(Chain([]) if step == "passthrough" else as_node(step, name, final=False))
        weights.append(given.get(name, 1.0))
    return Union(nodes, weights)
