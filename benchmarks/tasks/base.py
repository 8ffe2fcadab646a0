"""What a task is: data from a seed, what made them, and what runs on them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass, field
from typing import Any

from benchmarks.tasks.data import Data, stream
from benchmarks.tasks.names import check_name
from benchmarks.tasks.sources import Source
from benchmarks.tasks.split import Split

Settings = dict[str, Any]


@dataclass(frozen=True)
class Task:
    """A benchmark task.

    Parameters
    ----------
    name : str
        Its key.
    title : str
        A sentence for people.
    make : callable
        Takes a seed and returns the data in raw units, of the class `kind`.
    kind : type, default=Split
        The class of the data: `Split`, `Simulation`, or one of `benchmarks.tasks.kinds`.
    version : int, default=1
        Raise it when the data change.
    settings_from : str, default=""
        The task whose stored settings are used; "" is this one.
    n_units : int, default=200
        Size of the echo state network.
    note : str, default=""
        A caveat shown with the results.
    ranking : str, default=""
        The metric that ranks methods; "" is the longest free run, or the simulation.
    larger_is_better : bool, default=False
        Whether a large value of that metric is good.
    source : Sinusoid, Oscillator or Flow, default=None
        What made the data, for the baselines that know it.
    probes : tuple of str, default=()
        What is measured of a fitted forecaster beside its errors: "resonance", "kick".
    trained_networks : bool, default=True
        Whether networks that are trained step by step run on it, too.
    invites : frozenset of str, default=frozenset()
        Names of the methods by invitation that run on it.
    excludes : frozenset of str, default=frozenset()
        Names of the methods that do not run on it.
    on_request : bool, default=False
        Whether it runs, and is tuned, only where it is named.
    study : str, default=""
        The study of many systems that it is one of; a suite may name it instead of its tasks.
    tuned : bool, default=True
        Whether `tune` searches settings for it where no task is named; not for published settings.
    most_seeds : int, default=None
        Seeds that a suite runs at most, unless it is told how many: few where the data are the same
        for all of them.
    fixed : dict, default={}
        Settings of a method, by its name, that are part of the task.
    space : dict, default={}
        What `tune` searches in addition, by method.
    trials : int, default=16
        Settings tried by `tune`.
    runs : int, default=3
        Runs that each of them is tried on.

    See Also
    --------
    Split : The data of most tasks.
    Method : What is compared on a task.

    Examples
    --------
    >>> import numpy as np
    >>> from benchmarks import Split, Task
    >>> def wave(seed):
    ...     phase = np.random.default_rng(seed).uniform(0, 2 * np.pi)
    ...     return Split(np.sin(0.1 * np.arange(500) + phase)[:, None], n_train=300)
    >>> task = Task("wave", "A wave", wave)
    >>> task.data("test", 0).rows
    [300, 500]
    """

    name: str
    title: str
    make: Callable[[int], Data]
    _: KW_ONLY
    kind: type[Data] = Split
    version: int = 1
    settings_from: str = ""
    n_units: int = 200
    note: str = ""
    ranking: str = ""
    larger_is_better: bool = False
    source: Source | None = None
    probes: tuple[str, ...] = ()
    trained_networks: bool = True
    invites: frozenset[str] = frozenset()
    excludes: frozenset[str] = frozenset()
    on_request: bool = False
    study: str = ""
    tuned: bool = True
    most_seeds: int | None = None
    fixed: dict[str, Settings] = field(default_factory=dict)
    space: dict[str, Settings] = field(default_factory=dict)
    trials: int = 16
    runs: int = 3

    def __post_init__(self) -> None:
        check_name(self.name, "task")

    @property
    def settings_key(self) -> str:
        """The task under whose name tuned settings are stored."""
        return self.settings_from or self.name

    def data(self, part: str, number: int) -> Data:
        """Return the data of a run, the same for every method.

        Parameters
        ----------
        part : {"test", "tuning"}
            What they are for; the two share no seed.
        number : int
            Number of the run.

        Returns
        -------
        Split, Simulation or one of `benchmarks.tasks.kinds`
            The data, in raw units.

        Raises
        ------
        ValueError
            If `make` returns another kind of data than the task says.
        """
        data = self.make(stream("data", self.name, part, number))
        if not isinstance(data, self.kind):
            got = type(data).__name__
            kind = f"return a {self.kind.__name__}"
            remedy = f"write Task(..., kind={got})" if hasattr(data, "rows") else kind
            raise ValueError(
                f"task {self.name!r} has kind {self.kind.__name__}, but its function `make` "
                f"returned one of type {got}; {remedy}"
            )
        return data

    def model_seed(self, part: str, number: int) -> int:
        """Return the seed of the models of a run, the same for every method.

        Parameters
        ----------
        part : {"test", "tuning"}
            What they are for.
        number : int
            Number of the run.

        Returns
        -------
        int
            The seed.
        """
        return stream("model", self.name, part, number)
