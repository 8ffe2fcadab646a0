import pytest

from reservoirs.estimators.ranges import COUNT, COUNT_OR_ZERO, NOT_NEGATIVE, POSITIVE, checked


@checked(n=COUNT, skip=COUNT_OR_ZERO, rate=[POSITIVE, None], noise=NOT_NEGATIVE)
def simulate(n, skip=0, rate=1.0, noise=0.0):
    """Return the arguments."""
    return n, skip, rate, noise


def test_arguments_in_their_range_are_passed_on():
    assert simulate(1, skip=0, rate=None, noise=0) == (1, 0, None, 0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n": 0}, "'n' parameter of simulate must be an int in the range"),
        ({"n": 1.5}, "'n' parameter"),
        ({"n": 1, "skip": -1}, "'skip' parameter"),
        ({"n": 1, "rate": 0}, "'rate' parameter"),
        ({"n": 1, "noise": -0.1}, "'noise' parameter"),
    ],
)
def test_an_argument_out_of_its_range_is_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        simulate(**arguments)
