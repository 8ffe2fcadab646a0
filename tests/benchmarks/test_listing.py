"""What is listed, and what is answered to names that do not exist."""

import json
import re

import pytest

from benchmarks.cli import main
from benchmarks.cli.listing import family
from benchmarks.methods.registry import METHODS
from benchmarks.results.records import failed, has_no_result
from benchmarks.results.tables import summarise
from benchmarks.tasks import TASKS
from benchmarks.tasks.names import nearest


@pytest.mark.parametrize("name", [*TASKS, *METHODS])
def test_a_name_in_capitals_or_its_beginning_is_answered_with_it(name):
    names = [*TASKS, *METHODS]

    assert nearest(name.upper(), names)[0] == name
    assert all(near.startswith(name[:4]) for near in nearest(name[:4], names)[:1])
    assert len(nearest(name[:3], names)) <= 3


@pytest.mark.parametrize(
    ("arguments", "answer"),
    [
        (["run", "-t", "sine"], "did you mean sine_clean, sine_noisy_0.1, sine_noisy_0.01?"),
        (["run", "-m", "LSTM"], "did you mean lstm, "),
        (["run", "-t", "qqq"], "`reservoirs-bench list` has all"),
        (["run", "--see", "2", "--sorts"], "no option --sorts"),
        (["run", "--taks", "x"], "there is no option --taks; it has --task"),
        (["rnu"], "there is no command 'rnu'; did you mean run"),
        (["list", "tasks", "qqq"], "no name and no title has 'qqq'"),
    ],
)
def test_unknown_names_are_answered_in_a_few_words(arguments, answer, capsys):
    try:
        code = main(arguments)
    except SystemExit as end:
        code = end.code
    said = " ".join(capsys.readouterr().err.split())

    assert code == 2
    assert answer in said
    assert len(said) < 900


@pytest.fixture
def narrow(monkeypatch):
    for module in ("console", "listing", "inspect", "published"):
        console = __import__(f"benchmarks.cli.{module}", fromlist=["console"]).console
        monkeypatch.setattr(console, "width", 60)


@pytest.mark.parametrize(
    "arguments", [["list"], ["info", "esn"], ["info", "lorenz63"], ["records"]]
)
def test_all_is_legible_at_sixty_columns(arguments, narrow, capsys):
    code = main(arguments)
    lines = capsys.readouterr().out.splitlines()

    assert code == 0
    assert max(map(len, lines)) <= 60
    assert len(lines) < 1000


def test_a_kind_and_a_word_choose_what_is_listed(capsys):
    main(["list", "methods", "nag", "--json"])
    methods = json.loads(capsys.readouterr().out)
    main(["list", "tasks"])
    printed = capsys.readouterr().out

    assert list(methods) == ["methods"]
    assert all(re.search("nag", f"{n} {t}", re.I) for n, t in methods["methods"].items())
    assert "oscillator ..." in printed
    assert "methods" not in printed


def test_families_are_named_by_what_variants_share():
    assert {family(name) for name in ("memory5_20", "memory20_80")} == {"memory"}
    assert family("lagged_sine") == "lagged_sine"


@pytest.mark.parametrize("status", ["ok", "skipped", "diverged", "error", "timeout"])
def test_tables_and_exit_codes_count_the_same_failures(status):
    record = {"task": "sine_clean", "method": "esn", "status": status, "reason": "", "metrics": {}}

    assert summarise([record])[0].n_failed == failed(record) == (status not in ("ok", "skipped"))
    assert not has_no_result(record) or failed(record)
