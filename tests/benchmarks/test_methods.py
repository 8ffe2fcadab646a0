import pytest

from benchmarks import Method
from benchmarks.methods.registry import METHODS
from benchmarks.report import palette
from benchmarks.tasks import TASKS

BASELINES = {
    "persistence",
    "ctf_zero",
    "parroting",
    "mean",
    "linear",
    "sinusoid",
    "exact",
    "cramer_rao",
    "oracle",
}
BASELINES |= {
    "naive",
    "seasonal_naive",
    "autoreg",
    "ets",
    "theta",
    "ridge_lags",
    "lightgbm",
    "ridge_arx",
}


def test_a_method_says_itself_whether_it_is_a_baseline():
    assert {name for name, method in METHODS.items() if method.kind == "baseline"} == BASELINES


def test_a_method_of_another_kind_is_refused():
    with pytest.raises(ValueError, match=r"'learner' or 'baseline', got 'control' for 'odd'"):
        Method("odd", "Odd", lambda *_: None, kind="control")


def test_a_method_is_drawn_as_it_says_or_as_its_kind_is(monkeypatch):
    for name, about in {
        "own": {"colour": "#123456", "line": ":", "kind": "baseline"},
        "grey": {"kind": "baseline"},
        "learner": {},
    }.items():
        monkeypatch.setitem(METHODS, name, Method(name, name, lambda *_: None, **about))

    assert (palette.colour("own"), palette.line("own")) == ("#123456", ":")
    assert (palette.colour("grey"), palette.line("grey")) == (palette.GREY, "--")
    assert palette.colour("learner") in palette.COLOURS
    assert palette.line("learner") == "-"


def test_other_libraries_run_only_where_they_are_named():
    named = {name for name, method in METHODS.items() if method.on_request}

    assert named == {"reservoirpy", "pyrcn", "echoes", "minirocket"}


def test_only_racers_race_and_only_rememberers_remember():
    allowed = {
        "race_sine": {"adam_0.01", "adam_0.003", "adam_0.001", "adam_0.0003", "race_hf"},
        "race_deep": {"torch_hf", "torch_lbfgs"},
        "race_autoencoder": {
            "torch_hf",
            "torch_hf_rows",
            "torch_lbfgs",
            "torch_adam",
            "torch_muon",
        },
        "addition_80": {"nag_0", "nag_0.9", "nag_0.98", "nag_0.995"},
        "memory5_50": {"hf_structural", "hf_plain"},
    }

    for name, methods in allowed.items():
        assert {m.name for m in METHODS.values() if not m.refusal(TASKS[name])} == methods
