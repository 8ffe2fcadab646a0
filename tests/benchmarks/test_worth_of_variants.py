import numpy as np

from benchmarks.variants import TASKS, VARIANTS, Worth, ahead, judge, main, measure, worth

SINE = Worth(lambda seed: ahead(np.sin(0.2 * np.arange(401) + seed), 1), washout=20)


def test_every_variant_is_measured_on_a_series():
    for variant in VARIANTS:
        error, settings = worth(variant, SINE, n_draws=1, n_seeds=1)

        assert error < 0.1, variant
        assert measure(variant, SINE, settings, 1000, final=True) == error


def test_a_delay_line_has_the_capacity_of_its_length():
    inputs, targets = TASKS["memory of 99"].data(0)
    states = np.hstack([np.roll(inputs, k, axis=0) for k in range(1, 11)])

    capacity = -judge(TASKS["memory of 99"], states, targets, final=True)

    assert abs(capacity - 10) < 0.5


def test_the_command_prints_a_table(capsys, monkeypatch):
    monkeypatch.setitem(TASKS, "sine", SINE)
    main(["--draws", "1", "--seeds", "1", "--tasks", "sine"])

    assert len(capsys.readouterr().out.splitlines()) == 2 + len(VARIANTS)
