"""What all estimators share: series and states, labels, progress, settings and ranges."""

from reservoirs.estimators.classification import LabelMixin, check_labels
from reservoirs.estimators.docstrings import SERIES, inherit_parameters
from reservoirs.estimators.progress import CallbackSupportMixin, Progress
from reservoirs.estimators.series import SeriesMixin, States, Step

__all__ = [
    "SERIES",
    "CallbackSupportMixin",
    "LabelMixin",
    "Progress",
    "SeriesMixin",
    "States",
    "Step",
    "check_labels",
    "inherit_parameters",
]
