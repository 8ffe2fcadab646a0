"""What all estimators share: series and states, labels, progress, settings and ranges."""

from reservoirs.estimators.classification import LabelMixin, check_labels
from reservoirs.estimators.commit import CommittingMixin, FitInterrupted
from reservoirs.estimators.docstrings import SERIES, inherit_parameters
from reservoirs.estimators.progress import CallbackSupportMixin, Progress
from reservoirs.estimators.series import Runs, SeriesMixin, States, Step
from reservoirs.estimators.transformers import SeriesTransformer

__all__ = [
    "SERIES",
    "CallbackSupportMixin",
    "CommittingMixin",
    "FitInterrupted",
    "LabelMixin",
    "Progress",
    "Runs",
    "SeriesMixin",
    "SeriesTransformer",
    "States",
    "Step",
    "check_labels",
    "inherit_parameters",
]
