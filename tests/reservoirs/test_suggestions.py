"""A name that a class does not have is answered by the one that was meant."""

import inspect
import pickle
import re
from pathlib import Path

import pytest
import torch
from sklearn.base import BaseEstimator, clone
from sklearn.pipeline import make_pipeline

import reservoirs
import trainers
from reservoirs import ESNClassifier, ESNRegressor, NVARRegressor
from reservoirs.model_selection import RollingOriginSplit
from reservoirs.suggestions import WORDS
from reservoirs.topology import SmallWorld
from trainers import RNNRegressor, SutskeverMomentum, solvers

MOVING = Path(__file__).parents[2] / "docs" / "moving.md"


def public_classes():
    """Return every public estimator, transformer, solver, splitter and optimizer."""
    found = {SmallWorld, RollingOriginSplit}
    for module in (reservoirs, trainers, solvers):
        for name in getattr(module, "__all__", vars(module)):
            kind = getattr(module, name)
            if inspect.isclass(kind) and issubclass(kind, BaseEstimator | torch.optim.Optimizer):
                found |= set() if inspect.isabstract(kind) else {kind}
    return sorted(found - {BaseEstimator}, key=lambda kind: kind.__name__)


def test_every_public_class_names_the_parameter_that_was_meant():
    kinds = public_classes()
    for kind in kinds:
        for name in list(inspect.signature(kind).parameters):
            if len(name) < 3:
                continue
            with pytest.raises(TypeError) as caught:
                kind(**{name[:-1] + "_" + name[-1]: 1})

            message = str(caught.value)
            assert message.startswith(f"{kind.__name__}() has no parameter"), message
            assert f"did you mean '{name}'?" in message, message
        with pytest.raises(TypeError, match=f"{kind.__name__}.* has no parameter 'xyz'; it has"):
            kind(xyz=1)
    assert len(kinds) >= 15


def test_the_words_of_other_libraries_are_those_of_the_page_and_are_answered():
    rows = re.findall(r"^\| (`.*`) \| `(\w+)` \|$", MOVING.read_text(encoding="utf-8"), re.M)
    table = {own: " ".join(re.findall(r"`(\w+)`", words)) for words, own in rows}
    kinds = [k for k in public_classes() if k is not RollingOriginSplit]

    assert table == WORDS
    for own, words in table.items():
        owners = [kind for kind in kinds if own in inspect.signature(kind).parameters]
        assert owners, own
        for kind in owners:
            for word in set(words.split()) - set(inspect.signature(kind).parameters):
                with pytest.raises(TypeError, match=f"did you mean '{own}'"):
                    kind(**{word: 1})


@pytest.mark.parametrize("word", ["lr", "leak_rat", "leakage"])
def test_set_params_suggests_too_also_through_a_pipeline(word):
    for model, key in [
        (ESNRegressor(), word),
        (make_pipeline(ESNRegressor()), f"esnregressor__{word}"),
    ]:
        with pytest.raises(ValueError, match=r"Invalid parameter .* did you mean 'leak_rate'\?$"):
            model.set_params(**{key: 1})


def test_set_params_of_what_has_none_says_so():
    with pytest.raises(ValueError, match="solver='adam' has no parameters of its own"):
        RNNRegressor(solver="adam").set_params(solver__beta_2=0.9)
    with pytest.raises(ValueError, match="did you mean 'beta_2'"):
        RNNRegressor(solver=solvers.AdamSolver()).set_params(solver__beta2=0.9)


def test_parameters_by_position_are_refused_under_the_name_of_the_class():
    with pytest.raises(
        TypeError, match=r"^ESNClassifier\(\) takes no .* ESNClassifier\(n_units=.*"
    ):
        ESNClassifier(100)
    with pytest.raises(TypeError, match=r"^SutskeverMomentum\(\) takes \d"):
        SutskeverMomentum(*range(30))


def test_signatures_clones_and_pickles_are_as_before():
    class Own(NVARRegressor):
        def __init__(self, *, extra=1, **kwargs):
            super().__init__(**kwargs)
            self.extra = extra

    assert "n_delays" in inspect.signature(NVARRegressor).parameters
    assert clone(NVARRegressor(n_delays=3)).n_delays == 3
    assert pickle.loads(pickle.dumps(ESNRegressor(n_units=7))).n_units == 7
    assert Own(extra=2, n_delays=4).n_delays == 4
    with pytest.raises(TypeError, match=r"^Own\(\) has no parameter 'n_delay'; did you mean"):
        Own(n_delay=4)
    with pytest.raises(TypeError, match="missing 1 required"):
        RollingOriginSplit()
