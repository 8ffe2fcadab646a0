"""A name that a class of the trainers does not have is answered by the one that was meant."""

import pytest
import torch
from sklearn.base import BaseEstimator
from suggested import check_names, check_words, public_classes

import reservoirs
import trainers
from reservoirs.suggestions import WORDS
from reservoirs.topology import SmallWorld
from trainers import RNNRegressor, SutskeverMomentum, solvers

KINDS = public_classes(trainers, solvers, bases=(BaseEstimator, torch.optim.Optimizer))


def test_every_public_class_names_the_parameter_that_was_meant():
    check_names(KINDS)
    assert len(KINDS) >= 8


def test_every_word_of_other_libraries_is_answered_by_some_class():
    of_core = check_words([*public_classes(reservoirs), SmallWorld], WORDS)

    assert check_words(KINDS, WORDS) | of_core == set(WORDS)


def test_set_params_of_what_has_none_says_so():
    with pytest.raises(ValueError, match="init='orthogonal' has no parameters of its own"):
        RNNRegressor(init="orthogonal").set_params(init__fan_in=3)
    with pytest.raises(ValueError, match="did you mean 'beta_2'"):
        RNNRegressor(solver=solvers.AdamSolver()).set_params(solver__beta2=0.9)


def test_parameters_by_position_are_refused_under_the_name_of_the_class():
    with pytest.raises(TypeError, match=r"^SutskeverMomentum\(\) takes \d"):
        SutskeverMomentum(*range(30))
