"""The parameters that RNNRegressor and RNNClassifier share, with their ranges."""

from __future__ import annotations

from numbers import Integral, Real
from typing import ClassVar

from sklearn.base import BaseEstimator
from sklearn.utils._param_validation import Interval, StrOptions

from reservoirs.sequences import Seed
from trainers.network.cell import Cell
from trainers.network.cells import CELLS, GivenCell
from trainers.network.initialization import INITS, ESNInit
from trainers.network.rnn import ACTIVATIONS
from trainers.rnn.named_parts import NamedPartsMixin
from trainers.training.problem import Solver
from trainers.training.schedules import COURSES
from trainers.training.solvers import SOLVERS

COUNT = Interval(Integral, 1, None, closed="left")
POSITIVE = Interval(Real, 0, None, closed="neither")
NOT_NEGATIVE = Interval(Real, 0, None, closed="left")


class NetworkSettings(NamedPartsMixin, BaseEstimator):
    """The parameters of a recurrent network and of its training.

    Parameters
    ----------
    cell : {"rnn", "lstm", "gru", "cornn"}, OscillatorCell or callable, default="rnn"
        Kind of the hidden units: vanilla, long short-term memory, gated, or coupled oscillators;
        `OscillatorCell` sets their time step, stiffness and friction. A class or function of
        (n_inputs, n_units) that makes a `torch.nn.Module`, such as `torch.nn.GRUCell`: called with
        a row (batch, n_inputs) and a state (batch, n_units) it returns the next state. With an
        attribute n_parts above 1 states are tuples, of which the readout sees the first. It is
        differentiated by autograd, and no file holds it.
    n_units : int, default=64
        Hidden units per layer.
    n_layers : int, default=1
        Stacked layers.
    activation : {"tanh", "relu", "identity"}, default="tanh"
        Activation of the vanilla cell.
    solver : str or solver from `trainers.solvers`, default="adam"
        What trains the weights: "adam", "rmsprop", "sgd", "lbfgs", "momentum", "nesterov",
        "hessian_free", "levenberg_marquardt", or a solver with settings of its own such as
        `AdamSolver(beta_2=0.99)`.
    init : {"default", "orthogonal", "sparse", "esn", "sampled"}, ESNInit or SampledInit, \
            default="default"
        How the weights start; `ESNInit` sets the spectral radius, `SampledInit` looks at pairs of
        training rows.
    window : int or None, default=None
        With k, row t is predicted from the rows t-k+1..t and a zero state; None carries the state
        along the series.
    truncation : int, default=100
        Steps after which the gradient is cut while the state goes on, with window=None and a
        minibatch solver.
    max_iter : int, default=100
        Epochs at most (steps of the full-batch solvers); with 0 nothing is trained, and a readout
        that is solved is solved for the weights as they start.
    batch_size : int, default=32
        Windows, or series, per update.
    learning_rate : float or None, default=None
        Learning rate; None for the solver's own.
    clip_norm : float or None, default=None
        Largest norm of a gradient, to which longer ones are scaled down; None for no limit.
    vanishing_penalty : float, default=0.0
        Weight of the regulariser of Pascanu et al. (2013) against vanishing gradients, for the
        vanilla cell and minibatch solvers; 0 for none.
    weight_decay : float or None, default=None
        Factor c of an L2 term c w^2 / 2 for all weights; with "adamw" a share c of every weight is
        taken away per update, relative to the learning rate. None for the solver's own.
    input_noise : float, default=0.0
        Deviation of the noise that training adds to the inputs as the network sees them, drawn anew
        for every batch, for minibatch solvers.
    dropout : float, default=0.0
        Share of the outputs of a layer that the layer above does not see in training, drawn anew
        for every batch, for minibatch solvers.
    schedule : {"constant", "cosine", "warmup_cosine", "plateau"}, default="constant"
        Course of the learning rate: falling to nearly 0 along a cosine over the `max_iter` epochs
        of a fit, the same after a rise over the first tenth, or halved whenever the validation loss
        (the training loss without one) has not improved for half of `n_iter_no_change` epochs.
    learn_initial_state : bool, default=False
        Whether series start from a learned state instead of zero.
    hidden_bias : bool, default=True
        Whether hidden units have a bias; without one, forget gates of an LSTM start at 1/2.
    n_scored : int or None, default=None
        How many last rows of every series have targets that count, the others being arbitrary
        numbers; None for all.
    standardize : bool, default=True
        Whether every column of X is shifted to mean 0 and scaled to deviation 1 inside the
        network, by the rows of `fit` or of the first `partial_fit`; a constant one has scale 1.
    validation_fraction : float or None, default=None
        Share of the rows, from the tail, or of many series, from the last one, that is held out
        and its loss recorded; None is 0.1 with early_stopping, else nothing.
    early_stopping : bool, default=False
        Whether to stop when the validation loss no longer falls, and take the best weights.
    tol : float or None, default=None
        Smallest improvement of the loss that counts; None never stops on it unless early_stopping.
    n_iter_no_change : int, default=10
        Epochs without improvement before stopping.
    warm_start : bool, default=False
        Whether `fit` goes on from the last fit instead of starting afresh.
    dtype : {"auto", "float32", "float64"}, default="auto"
        Precision of the weights; "auto" is float64 for the full-batch solvers and for a solved
        readout, else float32.
    device : str, default="cpu"
        Where the network is trained and run: "cpu", "cuda", "cuda:1".
    verbose : int, default=0
        Print the loss every so many epochs; 0 never.
    random_state : int, RandomState instance or None, default=None
        Seed of the weights and of the order of the batches.
    """

    _parameter_constraints: ClassVar[dict[str, list[object]]] = {
        "cell": [StrOptions(CELLS.keys()), Cell, callable],
        "n_units": [COUNT],
        "n_layers": [COUNT],
        "activation": [StrOptions(ACTIVATIONS.keys())],
        "solver": [StrOptions(SOLVERS.keys()), Solver],
        "init": [StrOptions(INITS.keys()), ESNInit],
        "window": [COUNT, None],
        "truncation": [COUNT],
        "max_iter": [Interval(Integral, 0, None, closed="left")],
        "batch_size": [COUNT],
        "learning_rate": [POSITIVE, None],
        "clip_norm": [POSITIVE, None],
        "vanishing_penalty": [NOT_NEGATIVE],
        "weight_decay": [NOT_NEGATIVE, None],
        "input_noise": [NOT_NEGATIVE],
        "dropout": [Interval(Real, 0, 1, closed="left")],
        "schedule": [StrOptions(COURSES.keys())],
        "learn_initial_state": ["boolean"],
        "hidden_bias": ["boolean"],
        "n_scored": [COUNT, None],
        "standardize": ["boolean"],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither"), None],
        "early_stopping": ["boolean"],
        "tol": [NOT_NEGATIVE, None],
        "n_iter_no_change": [COUNT],
        "warm_start": ["boolean"],
        "dtype": [StrOptions({"auto", "float32", "float64"})],
        "device": [str],
        "verbose": ["verbose"],
        "random_state": ["random_state"],
    }

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
    ) -> None:
        self.cell = cell
        self.n_units = n_units
        self.n_layers = n_layers
        self.activation = activation
        self.solver = solver
        self.init = init
        self.window = window
        self.truncation = truncation
        self.max_iter = max_iter
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.clip_norm = clip_norm
        self.vanishing_penalty = vanishing_penalty
        self.weight_decay = weight_decay
        self.input_noise = input_noise
        self.dropout = dropout
        self.schedule = schedule
        self.learn_initial_state = learn_initial_state
        self.hidden_bias = hidden_bias
        self.n_scored = n_scored
        self.standardize = standardize
        self.validation_fraction = validation_fraction
        self.early_stopping = early_stopping
        self.tol = tol
        self.n_iter_no_change = n_iter_no_change
        self.warm_start = warm_start
        self.dtype = dtype
        self.device = device
        self.verbose = verbose
        self.random_state = random_state
