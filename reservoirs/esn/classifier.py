"""ESNClassifier: echo state network for labels per step or per series. Wiring only."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, Self

from numpy.typing import ArrayLike
from sklearn.base import ClassifierMixin, _fit_context
from sklearn.utils._param_validation import StrOptions

from reservoirs.activations import Function
from reservoirs.esn.base import EchoStateNetwork
from reservoirs.esn.label_readout import AUTO, PER_STEP, LabelReadout
from reservoirs.estimators import LabelMixin, check_labels
from reservoirs.estimators.docstrings import SERIES, inherit_parameters
from reservoirs.plasticity import IntrinsicPlasticity
from reservoirs.readout import Readout
from reservoirs.sequences import Array, Layout, Seed, SeriesLike, check_rows
from reservoirs.targets import Targets
from reservoirs.topology import Sparse, Topology

LEAK_RATES = (0.3, 0.9)  # the winner of the stored study, as `POOLED` and "auto"
POOLED = ("last", "mean", "deviation", "share_above_median")


@inherit_parameters(EchoStateNetwork)
class ESNClassifier(LabelMixin, ClassifierMixin, EchoStateNetwork):
    """Echo state network for classification: ridge regression on one column per class.

    y_k = C_k z + c_k, 1 for the class k and -1 for the others; the largest wins

    Labels per step are read from every state, z = [x[t]; u[t]] or another of `readout_features`,
    labels per series from pooled states.

    P(class k) = exp(y_k) / sum_j exp(y_j)

    That is 1 / (1 + exp(-2 y)) for two classes, the logistic function which touches (1 + y) / 2,
    the estimate of least squares, at even odds. It ranks well and errs to caution;
    `sklearn.calibration.CalibratedClassifierCV` fits probabilities to data.

    Parameters
    ----------
    leak_rate : float or array-like of shape (n_rates,), default=(0.3, 0.9)
        Share of the state replaced per step, a in (0, 1]; several rates split the units evenly.
    pooling : str or list of str, default=("last", "mean", "deviation", "share_above_median")
        What is read of the states of a series for one label per series: one of the four, of which
        the last is the share of the steps above the median of the training rows, several side by
        side, or "both", the last and the mean.
    alpha : float, array-like of shape (n_alphas,) or "auto", default="auto"
        Ridge penalty on C, in units of the summed squares of the features; of a grid the best is
        taken, by generalised cross-validation or `alpha_cv`. "auto" is 1e-6 for labels per step,
        and for labels per series a grid of 11 from 0.01 to 1000 times the mean variance of the
        features, by `alpha_cv`, five folds if that is None.
    alpha_cv : int, default=None
        Choose from the grid by this many folds; None is generalised cross-validation, which
        misleads where series are few. For labels per series the folds are of whole series, each
        with its share of every class, and the penalty with the fewest wrong labels wins; for
        labels per step they are contiguous, and the squared error of the rows counts whose state
        has forgotten where its series started.
    standardize : bool, default=True
        For labels per series divide every pooled feature by its deviation over the training
        series, so that the penalty counts alike on all; `coef_` is of the features as they are.
    class_weight : dict, "balanced" or None, default=None
        What the squared error counts on rows, or series, of each class, 1 where a dict has none;
        "balanced" is n / (n_classes n_k) for a class of n_k of the n labels. Weights are divided by
        their mean over the labels: only their ratios count, and alpha keeps its meaning.

    Attributes
    ----------
    classes_ : array of shape (n_classes,)
        Sorted labels.
    reservoir_ : Reservoir
        The drawn reservoir.
    coef_ : array of shape (n_classes, n_readout_features)
        Coefficients C, with one row for two classes.
    intercept_ : array of shape (n_classes,)
        Intercept, c.
    readout_ : Readout
        The solved readout: its method, alpha and condition estimate.
    alpha_ : float
        The penalty used.
    medians_ : array of shape (n_readout_columns,)
        With the pooling "share_above_median" the medians of the training rows.
    alpha_scores_ : array of shape (n_alphas, 2)
        Of labels per series by folds: the penalties, and the share of the series (weighted by
        `class_weight`) that each labels wrong when they are left out.
    activity_ : TrainingActivity
        How the units moved along the training series, for `diagnostics.reservoir_report`.
    target_kind_ : {"per_step", "per_series"}
        Whether there was a label for each row or for each series.
    n_features_in_ : int
        Number of features.

    See Also
    --------
    ESNRegressor : The same for numbers, with forecasts.
    Reservoir : The states alone, for any classifier.

    References
    ----------
    Lukosevicius (2012), A practical guide to applying echo state networks, section 4.2.

    Examples
    --------
    >>> import numpy as np
    >>> from reservoirs import ESNClassifier
    >>> series = [np.sin(w * np.arange(60))[:, None] for w in np.linspace(0.1, 0.9, 20)]
    >>> labels = ["slow"] * 10 + ["fast"] * 10
    >>> model = ESNClassifier(n_units=50, random_state=0).fit(series, labels)
    >>> str(model.predict([np.sin(0.2 * np.arange(60))[:, None]])[0])
    'slow'
    >>> float(model.alpha_scores_[:, 1].min())  # share of wrong labels in folds left out
    0.0
    """

    _parameter_constraints: ClassVar[dict[str, list[object]]] = {
        **EchoStateNetwork._parameter_constraints,
        "alpha": [*EchoStateNetwork._parameter_constraints["alpha"], StrOptions({AUTO})],
        "class_weight": [dict, StrOptions({"balanced"}), None],
        "standardize": ["boolean"],
    }
    _log_odds = 2.0

    def __init__(
        self,
        *,
        n_units: int = 500,
        spectral_radius: float = 1.0,
        leak_rate: ArrayLike = LEAK_RATES,
        input_scaling: ArrayLike | Sparse = 0.2,
        bias_scaling: ArrayLike = 1.5,
        degree: int = 10,
        topology: str | Topology | Sparse | Array = "random",
        activation: str | Function = "tanh",
        noise: float = 0.0,
        alpha: ArrayLike | str = AUTO,
        alpha_cv: int | None = None,
        solver: str = "auto",
        washout: int = 0,
        pooling: str | Sequence[str] = POOLED,
        bidirectional: bool = False,
        initial_state: ArrayLike = "auto",
        dtype: str = "float64",
        n_jobs: int | None = None,
        verbose: int = 0,
        random_state: Seed = None,
        readout_features: str = "state+input",
        class_weight: Mapping[object, float] | str | None = None,
        standardize: bool = True,
        mixing: float | None = None,
        intrinsic_plasticity: IntrinsicPlasticity | None = None,
    ) -> None:
        super().__init__(
            n_units=n_units,
            spectral_radius=spectral_radius,
            leak_rate=leak_rate,
            input_scaling=input_scaling,
            bias_scaling=bias_scaling,
            degree=degree,
            topology=topology,
            activation=activation,
            noise=noise,
            alpha=alpha,
            alpha_cv=alpha_cv,
            solver=solver,
            washout=washout,
            pooling=pooling,
            bidirectional=bidirectional,
            initial_state=initial_state,
            dtype=dtype,
            n_jobs=n_jobs,
            verbose=verbose,
            random_state=random_state,
            readout_features=readout_features,
            mixing=mixing,
            intrinsic_plasticity=intrinsic_plasticity,
        )
        self.class_weight = class_weight
        self.standardize = standardize

    @_fit_context(prefer_skip_nested_validation=True)
    @inherit_parameters(SERIES)
    def fit(self, X: SeriesLike, y: SeriesLike, *, series_id: SeriesLike = None) -> Self:
        """Draw the reservoir and solve the readout.

        Parameters
        ----------
        y : array-like, list of arrays
            Labels per step in the container of X, or one label per series, (n_series,).

        Returns
        -------
        ESNClassifier
            The fitted estimator.

        Raises
        ------
        ValueError
            For bad data, labels of one class only, weights below 0 or of unknown classes, or a
            washout that leaves no row of a series.
        """
        rows, layout = check_rows(self, X, series_id=series_id, reset=True, min_rows=2)
        labels, kind = check_labels(self, y, layout)
        columns = self._columns(labels)
        progress = self._progress(X, y, layout, kind, series_id)
        self._draw()
        coded = Targets(2.0 * columns - 1.0, kind, flat=True)
        self._warn_of_scale(self._learn(rows, layout, coded, progress).activity)
        progress.end()
        return self

    @property
    def _penalty(self) -> ArrayLike:
        return PER_STEP if isinstance(self.alpha, str) else self.alpha

    def _fit_readout(
        self,
        blocks: Callable[[], Iterator[tuple[Array, Array]]],
        size: tuple[int, int],
        rows: Array,
        layout: Layout,
        targets: Targets,
    ) -> Readout:
        self.__dict__.pop("alpha_scores_", None)  # of a fit before
        if targets.kind == "per_step":
            return super()._fit_readout(blocks, size, rows, layout, targets)
        how = LabelReadout(
            self.alpha,
            self.alpha_cv,
            self.solver,
            self.standardize,
            weigh=self._weigh_rows(targets.rows),
            label=self._numbers,
        )
        readout, scores = how.fit(blocks, size, targets.rows)
        if scores is not None:
            self.alpha_scores_ = scores
        return readout

    def _weigh_rows(self, targets: Array) -> Callable[[Array], Array] | None:
        weights: Any = self._class_weights(self.class_weight, self._numbers(targets))
        return None if weights is None else lambda outputs: weights[self._numbers(outputs)]
