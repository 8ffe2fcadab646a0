"""A name that a class does not have is answered by the one that was meant.

Those of trained networks: tests/trainers/test_rnn_suggestions.py.
"""

import inspect
import pickle
import re
from pathlib import Path

import pytest
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from suggested import check_names, check_words, public_classes

import reservoirs
from reservoirs import ESNClassifier, ESNRegressor, NVARRegressor
from reservoirs.model_selection import RollingOriginSplit
from reservoirs.suggestions import WORDS
from reservoirs.topology import SmallWorld

MOVING = Path(__file__).parents[2] / "docs" / "moving.md"
KINDS = [*public_classes(reservoirs), SmallWorld]


def test_every_public_class_names_the_parameter_that_was_meant():
    check_names([*KINDS, RollingOriginSplit])
    assert len(KINDS) >= 7


def test_the_words_of_other_libraries_are_those_of_the_page_and_are_answered():
    rows = re.findall(r"^\| (`.*`) \| `(\w+)` \|$", MOVING.read_text(encoding="utf-8"), re.M)

    assert WORDS == {own: " ".join(re.findall(r"`(\w+)`", words)) for words, own in rows}
    assert check_words(KINDS, WORDS)


@pytest.mark.parametrize("word", ["lr", "leak_rat", "leakage"])
def test_set_params_suggests_too_also_through_a_pipeline(word):
    for model, key in [
        (ESNRegressor(), word),
        (make_pipeline(ESNRegressor()), f"esnregressor__{word}"),
    ]:
        with pytest.raises(ValueError, match=r"Invalid parameter .* did you mean 'leak_rate'\?$"):
            model.set_params(**{key: 1})


def test_parameters_by_position_are_refused_under_the_name_of_the_class():
    with pytest.raises(
        TypeError, match=r"^ESNClassifier\(\) takes no .* ESNClassifier\(n_units=.*"
    ):
        ESNClassifier(100)


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
