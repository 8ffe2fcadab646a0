import numpy as np
import pytest

from benchmarks.results import tables

RECORD = {"task": "lagged_sine", "method": "esn", "status": "ok", "reason": ""}


def test_a_task_whose_every_cell_failed_is_a_regression():
    failed = {"task": "lagged_sine", "method": "esn", "status": "timeout", "reason": "late"}

    (text,) = tables.regressions([failed], {"lagged_sine": {"esn": 1e-6}})

    assert text.startswith("esn on lagged_sine:") and "is inf, at most 1e-06 expected" in text


def test_a_row_shows_the_search_that_its_records_carry():
    search = {"score": 0.25, "seconds": 9.0}
    record = {**RECORD, "metrics": {"free200": 0.1}, "search": search}

    (row,) = tables.summarise([record])

    assert (row.validation, row.tune_seconds) == (0.25, 9.0)


def test_a_validation_score_is_in_the_unit_of_a_metric_that_should_be_large():
    search = {"score": 0.25, "seconds": 9.0}
    record = {**RECORD, "task": "lorenz63", "metrics": {"vpt": 5.0}, "search": search}

    (row,) = tables.summarise([record])

    assert row.validation == 4.0


def test_a_record_of_an_earlier_version_has_a_row_without_a_search():
    (row,) = tables.summarise([{**RECORD, "metrics": {"free200": 0.1}}])

    assert row.validation is None
    assert row.tune_seconds == 0.0
    assert row.metrics["free200"] == (0.1, 0.1, 0.1)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1.0, 2.0, 3.0, 4.0, 5.0], (3.0, 2.0, 4.0)),
        ([1.0, 2.0, np.inf], (2.0, 2.0, np.inf)),
        ([-np.inf, 2.0, 3.0], (2.0, -np.inf, 2.0)),
        ([np.inf, np.inf], (np.inf, np.inf, np.inf)),
    ],
)
def test_quartiles_go_towards_the_bad_side_where_runs_failed(values, expected):
    assert tables.quartiles(values) == expected


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0"), (0.25, "0.250"), (1e-9, "1.0e-09"), (np.inf, "inf"), (np.nan, "-")],
)
def test_numbers_are_short(value, text):
    assert tables.format_number(value) == text


def test_a_failed_seed_counts_as_infinitely_bad():
    task = "lagged_sine"
    good = {
        "task": task,
        "method": "esn",
        "status": "ok",
        "reason": "",
        "metrics": {"free200": 0.1},
        "costs": {},
    }
    bad = {"task": task, "method": "esn", "status": "timeout", "reason": "late"}

    one, two = tables.summarise([good, bad, bad]), tables.summarise([good, good, bad])

    assert np.isinf(one[0].metrics["free200"][0])
    assert two[0].metrics["free200"][0] == 0.1
    assert two[0].n_failed == 1


def test_a_failed_seed_is_bad_too_where_large_is_good():
    def record(method, status, vpt):
        known = {"task": "lorenz63", "method": method, "status": status, "reason": "", "costs": {}}
        return {**known, "metrics": {"vpt": vpt} if status == "ok" else {}}

    good = [record("esn", "ok", vpt) for vpt in (10.0, 11.0, 12.0)]
    failing = [record("linear", "ok", 20.0), *[record("linear", "timeout", 0.0)] * 2]

    rows = tables.summarise([*failing, *good])

    assert [row.method for row in rows] == ["esn", "linear"]
    assert rows[0].metrics["vpt"][0] == 11.0
    assert rows[1].metrics["vpt"][0] == -np.inf


def test_an_error_is_the_inverse_where_large_is_good():
    found = {"task": "lorenz63", "method": "esn", "status": "ok", "metrics": {"vpt": 4.0}}

    assert tables.ranking_error(found) == 0.25
    assert tables.ranking_error({**found, "status": "timeout", "metrics": {}}) == np.inf
