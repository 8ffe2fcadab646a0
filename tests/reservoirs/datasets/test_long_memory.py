import pytest

from reservoirs import datasets


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: datasets.addition(2, variant="x"), "variant must be one of"),
        (lambda: datasets.addition(2, 5), "n_steps must be at least 10"),
        (lambda: datasets.xor(2, variant="hochreiter"), "variant must be one of"),
        (lambda: datasets.temporal_order(2, n_signals=4), "n_signals must be 2 or 3"),
        (lambda: datasets.random_permutation(2, 2), "need 3 steps"),
        (lambda: datasets.memorisation(n_symbols=10, n_values=5), "pass n_series"),
        (lambda: datasets.memorisation(2, 0), "'n_steps' parameter of memorisation"),
    ],
)
def test_bad_settings_are_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call()
