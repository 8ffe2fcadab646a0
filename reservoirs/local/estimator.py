"""LocalForecaster: one small model for all places of a field. Wiring only."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import BaseEstimator, _fit_context
from sklearn.utils._param_validation import Interval, StrOptions

from reservoirs.esn import ESNRegressor
from reservoirs.estimators.docstrings import SERIES, inherit_parameters
from reservoirs.forecasting import BOUND, DEFAULT_BOUND
from reservoirs.forecasting.series_only import check_series_only
from reservoirs.local.checking import loop_errors, warn_of_instability
from reservoirs.local.ends import end_of_field
from reservoirs.local.grid import BOUNDARIES, Sizes
from reservoirs.local.nvar import fit_nvar
from reservoirs.local.patches import PatchesMixin
from reservoirs.local.reservoirs import (
    LocalFit,
    Settings,
    default_estimator,
    fit_reservoir,
    open_stream,
    solve_so_far,
)
from reservoirs.local.stream import PatchSums
from reservoirs.nvar import NVARRegressor
from reservoirs.seeds import seed_streams
from reservoirs.sequences import Array, Seed, SeriesLike, check_rows

SIZES: list[object] = [Interval(Integral, 0, None, closed="left"), tuple, list, np.ndarray]
FITS = {ESNRegressor: fit_reservoir, NVARRegressor: fit_nvar}
OWNER = "LocalForecaster"


class LocalForecaster(PatchesMixin, BaseEstimator):
    """Forecast a field in space and time with one small model for all of its places.

    The field is cut into patches. Each is predicted from a window, the patch and a halo around it,
    by one model that all patches share: what holds here holds there. It is trained on the rows of
    all patches together, so that a wide field needs fewer of them, and forecasts fields of another
    size as well.

    y_p[t] = f(window_p[t], x_p[t-1]) for every patch p;  the patches of y[t] are the next field

    Parameters
    ----------
    estimator : ESNRegressor or NVARRegressor, default=None
        What is learned of a window. Of an ESNRegressor the reservoir is used, which every patch
        runs for itself, with `readout_features`, `alpha`, `solver` and `washout`. None is an
        ESNRegressor of 500 units that hardly remember (spectral_radius 0.1, leak_rate 1,
        input_scaling 0.2, bias_scaling 0.5, degree 8) with readout_features "state+input+squares".
        An NVARRegressor gives monomials of the principal components of the window, `n_terms` of
        them, the largest, up to `degree`; with form="rate" those of the window itself, a law that
        is integrated (fields without stiffness, at equal steps). Then a patch is one site, mostly.
    patch : int, sequence of int or array of shape (n_patches, n_outputs), default=8
        Sites of a patch, along all axes or each, of which the grid is a multiple; or the columns of
        each patch themselves, where `halo` has those of its window.
    halo : int, sequence of int or array of shape (n_patches, n_inputs), default=8
        Sites read on each side of a patch, or the columns of each window.
    grid_shape : sequence of int, default=None
        Sites along each axis, (n_rows, n_columns) of a 2-D grid, whose rows are the rows of X in
        the order of a C array. None is a ring or a line.
    channels : int, default=1
        Numbers at each site, which are neighbouring columns of X.
    boundary : {"periodic", "clip", "nan"}, default="periodic"
        What lies beyond the border: the other side, the value at the border, or nothing, so that
        the mean is read.
    shared : bool, default=True
        Whether all patches share one readout; with False each has its own, and place counts.
    component_tol : float, default=0.02
        Principal components of windows below this share of the largest are left out of polynomials:
        they are slaved to the others, and grow without bound off the attractor. With 0 the columns
        of the window are the components, as suits fields whose sites are hardly correlated.
    target : {"auto", "value", "difference"}, default="auto"
        Whether the next value is learned, or the change to it. "auto" is the value, which is stable
        where a field dissipates.
    noise : float, default=3e-5
        Deviation of the noise added to the field that is read, in its deviations; it keeps closed
        loops stable. A law, form="rate", is learned without.
    max_rows : int, default=None
        Rows, of all patches together, that are drawn to learn from; None: all, and for a map of
        polynomials 30 for each monomial.
    n_jobs : int, default=None
        Groups of patches that are summed at a time, in threads or on another joblib backend; the
        result is bitwise the same.
    fan_in : int or None, default=8
        Neighbouring columns of the window that each unit of a reservoir reads; None: all.
    bound : float or None, default=0.25
        What a forecast feeds back is held within the range of the training field and of its
        context, widened by this share of it on both sides; None sets no limit.
    random_state : int, RandomState instance or None, default=None
        Seed of the noise and of the rows that are drawn, and of the reservoir of estimator=None.

    Attributes
    ----------
    inputs_ : array of shape (n_patches, n_inputs)
        Columns of each window; negative ones lie outside of the grid.
    outputs_ : array of shape (n_patches, n_outputs)
        Columns of each patch.
    grid_ : Grid
        Both of them.
    model_ : LocalModel
        What carries a field one step on, in standardised units.
    units_ : Units
        Mean and deviation of each channel, of the first 1024 rows.
    alpha_ : float
        The penalty used.
    loop_errors_ : array of shape (n_loops, n_steps)
        Errors of closed loops from training rows, in deviations of the field; of `fit` only.
    last_states_ : list of arrays of shape (n_patches, state_size)
        The states at the end of each training series.
    training_end_ : TrainingEnd
        Where the series ended, from which forecasts go on.
    n_features_in_ : int
        Number of columns.

    See Also
    --------
    ESNRegressor : One reservoir for all columns.
    forecast : Tells the rules of closed loops.

    References
    ----------
    Pathak, Hunt, Girvan, Lu & Ott (2018), Model-free prediction of large spatiotemporally chaotic
    systems from data: a reservoir computing approach.
    Parlitz & Merkwirth (2000), Prediction of spatiotemporal time series based on reconstructed
    local states.

    Examples
    --------
    >>> import numpy as np
    >>> from reservoirs import ESNRegressor, LocalForecaster
    >>> x, t = 2 * np.pi * np.arange(16) / 16, 0.2 * np.arange(120)
    >>> wave = np.sin(x - t[:, None]) + 0.5 * np.sin(2 * (x - t[:, None]))
    >>> model = LocalForecaster(patch=4, halo=2, random_state=0).fit(wave[:100])
    >>> bool(abs(model.forecast(20) - wave[100:]).max() < 0.01)
    True
    """

    _parameter_constraints: ClassVar[dict[str, list[object]]] = {
        "estimator": [*FITS, None],
        "patch": SIZES,
        "halo": SIZES,
        "grid_shape": [tuple, list, None],
        "channels": [Interval(Integral, 1, None, closed="left")],
        "boundary": [StrOptions(set(BOUNDARIES))],
        "shared": ["boolean"],
        "component_tol": [Interval(Real, 0, 1, closed="left")],
        "target": [StrOptions({"auto", "value", "difference"})],
        "noise": [Interval(Real, 0, None, closed="left")],
        "max_rows": [Interval(Integral, 1, None, closed="left"), None],
        "n_jobs": [Integral, None],
        "fan_in": [Interval(Integral, 1, None, closed="left"), None],
        "bound": BOUND,
        "random_state": ["random_state"],
    }
    _settings_of_prediction = frozenset({"n_jobs", "bound"})
    alpha_: float
    loop_errors_: Array
    stream_: PatchSums

    def __init__(
        self,
        estimator: ESNRegressor | NVARRegressor | None = None,
        *,
        patch: Sizes = 8,
        halo: Sizes = 8,
        grid_shape: Sequence[int] | None = None,
        channels: int = 1,
        boundary: str = "periodic",
        shared: bool = True,
        component_tol: float = 0.02,
        target: str = "auto",
        noise: float = 3e-5,
        max_rows: int | None = None,
        n_jobs: int | None = None,
        fan_in: int | None = 8,
        bound: float | None = DEFAULT_BOUND,
        random_state: Seed = None,
    ) -> None:
        self.estimator = estimator
        self.patch = patch
        self.halo = halo
        self.grid_shape = grid_shape
        self.channels = channels
        self.boundary = boundary
        self.shared = shared
        self.component_tol = component_tol
        self.target = target
        self.noise = noise
        self.max_rows = max_rows
        self.n_jobs = n_jobs
        self.fan_in = fan_in
        self.bound = bound
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=False)
    @inherit_parameters(SERIES)
    def fit(self, X: SeriesLike, y: None = None, *, series_id: SeriesLike = None) -> Self:
        """Learn how each patch follows from its window.

        Parameters
        ----------
        X : array-like of shape (n_steps, n_columns), list of arrays or DataFrame
            The field, one row per step; several series are learned together.
        y : None, default=None
            Ignored, with a warning: the field is X.

        Returns
        -------
        LocalForecaster
            The fitted estimator.

        Raises
        ------
        ValueError
            For bad data, a grid that X or the patches do not fill, or settings of the estimator
            that mean nothing here.

        Warns
        -----
        UserWarning
            If there is a y, or closed loops from training rows are lost within 50 steps.
        """
        check_series_only(X, y, OWNER, "")
        rows, layout = check_rows(self, X, series_id=series_id, reset=True, min_rows=2)
        if min(layout.lengths) < 2:
            raise ValueError("every series needs two rows or more, one to follow another")
        self.__dict__.pop("stream_", None)
        self.grid_ = self._grid(self.n_features_in_, self.grid_shape)
        estimator, settings = self._settings()
        series = [rows[span] for span in layout.slices()]
        fit = FITS[type(estimator)](estimator, series, self.grid_, settings)
        self._store(fit)
        self.training_end_ = end_of_field(X, rows, layout, series_id, self.channels)
        standardised = [fit.units.standardised(piece) for piece in series]
        self.loop_errors_ = loop_errors(fit.model, self.grid_, standardised)
        warn_of_instability(self.loop_errors_)
        return self

    @_fit_context(prefer_skip_nested_validation=False)
    @inherit_parameters(SERIES)
    def partial_fit(
        self,
        X: SeriesLike,
        y: None = None,
        *,
        new_series: bool = False,
        series_id: SeriesLike = None,
    ) -> Self:
        """Learn from one more chunk of rows; any cut into chunks gives bitwise the same model.

        Rows follow those of the chunk before. Each element of a list or a 3-D array is a whole
        series. With solver="auto" the sums are normal equations. Closed loops from training rows
        are not run.

        Parameters
        ----------
        X : array-like of shape (n_steps, n_columns), list of arrays or DataFrame
            The next rows of the field.
        y : None, default=None
            Ignored, with a warning.
        new_series : bool, default=False
            Begin a new series with a 2-D chunk.

        Returns
        -------
        LocalForecaster
            The estimator, fitted once two rows of a series came after washout.

        Raises
        ------
        ValueError
            For bad data, an estimator that needs all rows, or `max_rows`, which needs their number.
        """
        self._validate_params()  # scikit-learn checks the first call only
        first = not hasattr(self, "stream_")
        if y is not None or getattr(X, "shape", ())[:1] != (1,):  # one row is a chunk
            check_series_only(X, y, OWNER, "")
        rows, layout = check_rows(self, X, series_id=series_id, reset=first)
        estimator, settings = self._settings()
        if self.max_rows is not None:
            raise ValueError("partial_fit learns from all rows: set max_rows=None, or use fit")
        if not isinstance(estimator, ESNRegressor):
            raise ValueError(
                f"partial_fit needs an ESNRegressor inside; {type(estimator).__name__} chooses its "
                "features from all rows: use fit"
            )
        if first:
            for name in ("model_", "loop_errors_"):
                self.__dict__.pop(name, None)
            self.grid_ = self._grid(self.n_features_in_, self.grid_shape)
            stream = open_stream(estimator, self.grid_, settings)
        else:
            stream = self.stream_.branch()
        earlier = None if first else self.training_end_.target_range
        for span in layout.slices():
            stream.feed(rows[span], self.n_jobs, new_series=layout.many or new_series)
        self.stream_ = stream
        self.training_end_ = end_of_field(
            X, rows, layout, series_id, self.channels, last_only=True, earlier=earlier
        )
        fit = solve_so_far(stream, estimator, self.n_jobs)
        if fit is not None:
            self._store(fit)
        return self

    def _settings(self) -> tuple[ESNRegressor | NVARRegressor, Settings]:
        """Return the estimator inside, and how it is fitted."""
        estimator = self.estimator
        if estimator is None:
            estimator = default_estimator(self.random_state)
        keys = seed_streams(self.random_state)[3].generate_state(1, np.uint64)
        settings = Settings(
            shared=self.shared,
            difference=self.target == "difference",
            noise=self.noise,
            component_tol=self.component_tol,
            fan_in=self.fan_in,
            max_rows=self.max_rows,
            n_jobs=self.n_jobs,
            key=int(keys[0]),
        )
        return estimator, settings

    def _store(self, fit: LocalFit) -> None:
        self.model_, self.units_, self.start_ = fit.model, fit.units, fit.start
        self.last_states_, self.alpha_ = fit.last_states, fit.alpha
        self.target_kind_ = "per_step"

    def _goes_on(self, method: str) -> bool:
        return method == "partial_fit" and hasattr(self, "stream_")

    def __sklearn_tags__(self) -> Any:  # noqa: ANN401 - scikit-learn has no stubs
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = False
        tags.target_tags.required = False
        return tags
