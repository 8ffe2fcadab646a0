"""A local model of an NVARRegressor: a map, or a law that is integrated."""

from __future__ import annotations

from numbers import Integral

from reservoirs.local.grid import Grid
from reservoirs.local.polynomials import fit_polynomials
from reservoirs.local.rates import fit_law
from reservoirs.local.reservoirs import LocalFit, Settings
from reservoirs.nvar import NVARRegressor
from reservoirs.nvar.checks import check_rate_settings
from reservoirs.sequences import Array

FORMS = {"map": fit_polynomials, "rate": fit_law}


def fit_nvar(
    estimator: NVARRegressor, series: list[Array], grid: Grid, settings: Settings
) -> LocalFit:
    """Fit the form that an estimator has, from the present row alone."""
    check_polynomials(estimator)
    return FORMS[estimator.form](estimator, series, grid, settings)


def check_polynomials(estimator: NVARRegressor) -> None:
    """Refuse settings of an estimator that mean nothing for patches.

    Raises
    ------
    ValueError
        For the first of them.
    """
    estimator._validate_params()
    if estimator.form == "rate":
        check_rate_settings(estimator.n_delays, estimator.alpha, estimator.noise, estimator.order)
    left_out = {
        "n_delays": (None, "windows hold the present row"),
        "noise": (0.0, "noise= of LocalForecaster is added to the field"),
        "dtype": ("float64", "many patches need no more digits"),
    }
    for name, (value, why) in left_out.items():
        given = getattr(estimator, name)
        if given != value and not (name == "n_delays" and given == 1):
            raise ValueError(f"estimator has {name}={given!r}; leave it at {value!r}: {why}")
    if isinstance(estimator.alpha, str):
        raise ValueError(
            f"estimator has alpha={estimator.alpha!r}, which needs the loops of a single series; "
            "pass a number or a grid"
        )
    if estimator.n_terms is not None and not isinstance(estimator.degree, Integral):
        raise ValueError(
            "n_terms takes the largest monomials up to a degree; pass degree as a number, got "
            f"{estimator.degree!r}"
        )
