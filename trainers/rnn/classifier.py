"""RNNClassifier: a trained recurrent network for labels per step or per series. Wiring only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import ClassifierMixin, _fit_context
from sklearn.utils._param_validation import StrOptions

from reservoirs.estimators import SERIES, LabelMixin, Progress, check_labels, inherit_parameters
from reservoirs.sequences import Array, Layout, Seed, SeriesLike, check_rows
from reservoirs.targets import Targets
from trainers.data.row_weights import mean_one, with_weights
from trainers.network.cells import GivenCell
from trainers.network.initialization import ESNInit
from trainers.rnn.base import RecurrentNetwork
from trainers.rnn.drawing import Drawing
from trainers.rnn.settings import NetworkSettings
from trainers.training.problem import Solver


@inherit_parameters(NetworkSettings)
class RNNClassifier(LabelMixin, ClassifierMixin, RecurrentNetwork):
    """Vanilla RNN, LSTM or GRU trained to tell labels, per step or one per series.

    P(class k at step t) = softmax(V h[t] + c)_k, or a logistic function of one output for two
    classes

    The loss is the cross-entropy. A label per series is read after its last row.

    Parameters
    ----------
    class_weight : dict, "balanced" or None, default=None
        What the loss counts on rows, or series, of each class, 1 where a dict has none; "balanced"
        is n / (n_classes n_k) for a class of n_k of the n labels. Weights are divided by their mean
        over the labels of `fit`, so that only their ratios count and learning_rate keeps its
        meaning; `partial_fit`, which takes no "balanced", divides by the mean over the classes.
        Where a weight is 0, rows have no loss.

    Attributes
    ----------
    classes_ : array of shape (n_classes,)
        The sorted labels.
    class_weight_ : array of shape (n_classes,)
        What the loss counts on each class, 1 for all without `class_weight`.
    weights_ : dict of arrays
        The weights by name, for standardised inputs.
    n_iter_ : int
        Epochs done.
    loss_curve_ : list of float
        Cross-entropy in nats, after every epoch.
    validation_curve_ : list of float
        The same of what is held out; empty where nothing is.
    history_ : list of dict
        One record per epoch: seconds, losses, gradient norm, and a solver's own figures.
    status_ : str
        Why training ended: "max_iter", "converged", "diverged", "stopped" by a callback, or
        "interrupted".
    solver_state_ : dict
        What `warm_start` and `partial_fit` go on from.
    input_mean_ : array of shape (n_features,)
        What is subtracted from the columns of X.
    input_scale_ : array of shape (n_features,)
        What they are divided by.
    target_kind_ : str
        "per_step" or "per_series".
    n_features_in_ : int
        Number of features.

    See Also
    --------
    RNNRegressor : The same network for numbers and forecasts.
    reservoirs.ESNClassifier : A recurrent network of which only the readout is trained.

    References
    ----------
    Werbos (1990), Backpropagation through time: what it does and how to do it.

    Examples
    --------
    >>> import numpy as np
    >>> from trainers import RNNClassifier
    >>> steps = np.arange(20)
    >>> X = [np.sin(f * steps + phase)[:, None] for f in (0.3, 0.9) for phase in range(6)]
    >>> y = np.repeat(["slow", "fast"], 6)
    >>> model = RNNClassifier(cell="gru", n_units=16, learning_rate=0.02, random_state=0)
    >>> model.fit(X, y).predict([np.sin(0.3 * steps)[:, None]])
    array(['slow'], dtype='<U4')
    """

    _parameter_constraints: ClassVar[dict[str, list[object]]] = {
        **RecurrentNetwork._parameter_constraints,
        "class_weight": [dict, StrOptions({"balanced"}), None],
    }
    _settings_of_chunks = RecurrentNetwork._settings_of_chunks | {"class_weight"}

    def __init__(
        self,
        *,
        cell: GivenCell = "rnn",
        n_units: int = 64,
        n_layers: int = 1,
        activation: str = "tanh",
        solver: str | Solver = "adam",
        init: str | ESNInit = "default",
        window: int | None = None,
        truncation: int = 100,
        max_iter: int = 100,
        batch_size: int = 32,
        learning_rate: float | None = None,
        clip_norm: float | None = None,
        vanishing_penalty: float = 0.0,
        weight_decay: float | None = None,
        input_noise: float = 0.0,
        dropout: float = 0.0,
        schedule: str = "constant",
        learn_initial_state: bool = False,
        hidden_bias: bool = True,
        n_scored: int | None = None,
        standardize: bool = True,
        validation_fraction: float | None = None,
        early_stopping: bool = False,
        tol: float | None = None,
        n_iter_no_change: int = 10,
        warm_start: bool = False,
        dtype: str = "auto",
        device: str = "cpu",
        verbose: int = 0,
        random_state: Seed = None,
        class_weight: Mapping[object, float] | str | None = None,
    ) -> None:
        super().__init__(
            cell=cell,
            n_units=n_units,
            n_layers=n_layers,
            activation=activation,
            solver=solver,
            init=init,
            window=window,
            truncation=truncation,
            max_iter=max_iter,
            batch_size=batch_size,
            learning_rate=learning_rate,
            clip_norm=clip_norm,
            vanishing_penalty=vanishing_penalty,
            weight_decay=weight_decay,
            input_noise=input_noise,
            dropout=dropout,
            schedule=schedule,
            learn_initial_state=learn_initial_state,
            hidden_bias=hidden_bias,
            n_scored=n_scored,
            standardize=standardize,
            validation_fraction=validation_fraction,
            early_stopping=early_stopping,
            tol=tol,
            n_iter_no_change=n_iter_no_change,
            warm_start=warm_start,
            dtype=dtype,
            device=device,
            verbose=verbose,
            random_state=random_state,
        )
        self.class_weight = class_weight

    @_fit_context(prefer_skip_nested_validation=True)
    @inherit_parameters(SERIES)
    def fit(
        self,
        X: Drawing,
        y: SeriesLike = None,
        *,
        sample_weight: SeriesLike = None,
        series_id: SeriesLike = None,
    ) -> Self:
        """Train the network.

        Ctrl-C during training keeps the whole epochs so far, `status_` is then "interrupted", and
        raises KeyboardInterrupt. Any other exception leaves the estimator as it was.

        Parameters
        ----------
        X : array-like, list of arrays, DataFrame or callable
            Any container of series, or what draws them: a function (rng, n) or an object with such
            a method `draw`, which returns X and y of n new sequences. Every epoch learns
            `batch_size` of them, and y is None.
        y : array-like or list of arrays, default=None
            Labels per step in the container of X, or one label per series.
        sample_weight : array-like or list of arrays, default=None
            What the loss counts on every row, in the container of y, or on every series,
            (n_series,): numbers >= 0 of which only the ratios count. `class_weight` multiplies
            them. A row of weight 0 has no loss and counts in no class, but enters the network
            as all others do.

        Returns
        -------
        RNNClassifier
            The estimator itself.

        Raises
        ------
        ValueError
            For bad data, labels of one class only, weights below 0 or of unknown classes, labels
            that a warm start does not know, an unknown device, or a parameter that the solver does
            not use.
        """
        X, y, draw = self._sample_of(X, y, sample_weight=sample_weight, series_id=series_id)
        names = getattr(self, "feature_names_in_", None)
        rows, layout = check_rows(self, X, series_id=series_id, reset=True, min_rows=2)
        resumed = self.warm_start and hasattr(self, "solver_state_")
        if resumed:
            self._check_columns(names)
        targets = self._encode_targets(y, layout, resumed=resumed)
        targets = with_weights(self, targets, sample_weight, layout)
        counted = slice(None) if targets.weights is None else targets.weights > 0
        self._weigh_classes(self._numbers(targets.rows[counted]))
        progress = Progress(self, X, y, self.max_iter, {"series_id": series_id})
        self._fit(rows, layout, targets, progress, resumed=resumed, draw=draw)
        return self._end(progress)

    @_fit_context(prefer_skip_nested_validation=True)
    @inherit_parameters(SERIES)
    def partial_fit(
        self,
        X: SeriesLike,
        y: SeriesLike,
        *,
        classes: ArrayLike | None = None,
        series_id: SeriesLike = None,
    ) -> Self:
        """Train for one epoch on a chunk of data, going on from the calls before.

        A 2-D X is one series, from a zero or learned state.

        Parameters
        ----------
        y : array-like or list of arrays
            Labels per step in the container of X, or one label per series.
        classes : array-like of shape (n_classes,) or None, default=None
            All labels that will come, in the first call; None takes those of the first chunk.

        Returns
        -------
        RNNClassifier
            The estimator itself.

        Raises
        ------
        ValueError
            For bad data or settings, as `fit`, a label outside `classes`, or balanced weights.
        """
        self._validate_params()  # scikit-learn checks the first call only
        if self.class_weight == "balanced":
            raise ValueError(
                "class_weight='balanced' needs the labels of all data, and partial_fit sees one "
                "chunk; pass the weights as a dict {label: weight}, such as "
                "sklearn.utils.compute_class_weight gives them"
            )
        resumed = hasattr(self, "solver_state_")
        rows, layout = check_rows(self, X, series_id=series_id, reset=not resumed)
        if not resumed and classes is not None:
            self._columns(np.asarray(classes))
        targets = self._encode_targets(y, layout, resumed=resumed or classes is not None)
        self._weigh_classes(np.arange(len(self.classes_)))
        progress = Progress(self, X, y, 1, {"series_id": series_id})
        self._fit(rows, layout, targets, progress, resumed=resumed, one_epoch=True)
        return self._end(progress)

    def _encode_targets(self, y: SeriesLike, layout: Layout, *, resumed: bool) -> Targets:
        """Return a column of 0 and 1 per class, of the classes before where training goes on."""
        labels, kind = check_labels(self, y, layout)
        columns = self._columns_of_classes(labels) if resumed else self._columns(labels)
        return Targets(columns, kind, flat=True)

    def _columns_of_classes(self, labels: Array) -> Array:
        """Return the columns of labels, all of which must be among the classes."""
        unknown = np.setdiff1d(labels, self.classes_)
        if len(unknown):
            raise ValueError(
                f"y has labels {unknown.tolist()} that are not in classes_="
                f"{self.classes_.tolist()}; pass all labels as classes= in the first partial_fit"
            )
        return self._indicators(labels)

    def _weigh_classes(self, numbers: Array) -> None:
        """Set the weights of the classes, 1 on the mean over labels that weigh at all."""
        weights = self._class_weights(self.class_weight, numbers)
        if weights is None:
            self.class_weight_ = np.ones(len(self.classes_))
            return
        counted = weights[numbers]
        self.class_weight_ = weights / counted[counted > 0].mean()

    def _weights_of(self, targets: Targets, layout: Layout) -> Array | None:
        of_classes = self._weights_of_classes(targets)
        if of_classes is None or targets.weights is None:
            return super()._weights_of(targets, layout) if of_classes is None else of_classes
        return mean_one(of_classes * targets.weights, self._counted(targets, layout))

    def _weights_of_classes(self, targets: Targets) -> Array | None:
        of_classes = getattr(self, "class_weight_", None)  # `gradient_flow` sees untrained networks
        if of_classes is None or (of_classes == 1).all():
            return None
        weights: Array = of_classes[self._numbers(targets.rows)]
        return weights

    @property
    def _loss(self) -> str:  # type: ignore[override] # depends on the labels
        return "binary_cross_entropy" if len(self.classes_) == 2 else "cross_entropy"

    def _output_bias(self, targets: Targets) -> Array:
        """Return the output bias whose probabilities are the shares of the classes."""
        weights, of_classes = targets.weights, self._weights_of_classes(targets)
        weights = np.ones(len(targets.rows)) if weights is None else weights / weights.mean()
        weights = weights if of_classes is None else weights * of_classes
        share = (weights @ targets.rows + 1.0) / (weights.sum() + 2.0)
        bias: Array = np.log(share)
        return bias - np.log(1.0 - share) if len(self.classes_) == 2 else bias
