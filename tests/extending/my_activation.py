"""An activation of one's own: a function of one number that numba can compile."""


def softsign(z):
    """Squash like tanh, with heavier tails."""
    return z / (1.0 + abs(z))
