"""Where one closed loop starts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reservoirs.sequences import Array

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Start:
    """Where one closed loop starts.

    Attributes
    ----------
    observations : array of shape (n_context, n_outputs)
        Observations in the units of y. The last enters the loop first, the ones before it only
        drive the state there.
    exog : array of shape (n_context + n_steps - 1, n_exog)
        Exogenous inputs, row j enters with observation j.
    state : array
        The state before the first observation.
    labelled : bool
        Whether the forecast is a DataFrame.
    tail : pandas.Index or None
        The label of the last observation, with the frequency it goes on with.
    """

    observations: Array
    exog: Array
    state: Array
    labelled: bool = False
    tail: pd.Index | None = None
