from inspect import cleandoc

from reservoirs.estimators.docstrings import inherit_parameters


class Base:
    """A base.

    Parameters
    ----------
    alpha : float, default=1.0
        The penalty.
    beta : int
        A number
        on two lines.

    Notes
    -----
    None.
    """

    def __init__(self, alpha=1.0, beta=2):
        self.alpha, self.beta = alpha, beta


def test_entries_come_in_the_order_of_the_signature_and_own_ones_win():
    @inherit_parameters(Base)
    def f(beta, gamma, alpha):
        """Do it.

        Parameters
        ----------
        gamma : str
            Own.
        alpha : array
            Own too.

        Returns
        -------
        int
            A number.
        """

    expected = cleandoc(
        """Do it.

        Parameters
        ----------
        beta : int
            A number
            on two lines.
        gamma : str
            Own.
        alpha : array
            Own too.

        Returns
        -------
        int
            A number.
        """
    )
    assert f.__doc__ == expected + "\n"


def test_a_missing_section_goes_before_the_first():
    @inherit_parameters(Base)
    def f(alpha):
        """Do it.

        Returns
        -------
        int
            A number.
        """

    @inherit_parameters(Base)
    def g(alpha):
        """Do it."""

    assert f.__doc__.index("alpha : float") < f.__doc__.index("Returns")
    assert g.__doc__.startswith("Do it.\n\nParameters\n----------\nalpha : float")


def test_without_docstrings_nothing_happens():
    def f(alpha):
        return alpha

    assert inherit_parameters(Base)(f).__doc__ is None
