import pytest
from sklearn.base import BaseEstimator

from reservoirs.estimators.progress import Progress


class Recorder:
    """Stands in for scikit-learn's context of a fit: it records what it is told."""

    def __init__(self, stop=False):
        self.calls, self.stop = [], stop

    def call_on_fit_task_begin(self, **arguments):
        self.calls.append(("begin", arguments))

    def call_on_fit_task_end(self, **arguments):
        self.calls.append(("end", arguments))
        return self.stop

    def subcontext(self, task_name):
        self.calls.append(("subcontext", task_name))
        return self


class Watched(BaseEstimator):
    """An estimator with callbacks."""

    _skl_callbacks = ()

    def __init__(self, context=None):
        self.context = context

    def _init_callback_context(self, max_subtasks):
        self.context.max_subtasks = max_subtasks
        return self.context


def test_an_estimator_without_callbacks_reports_nothing():
    progress = Progress(BaseEstimator(), [[1.0]], [1.0], None)

    with progress.task("block") as task:
        pass
    progress.end()

    assert task.stop is False


@pytest.mark.parametrize("stop", [False, True])
def test_a_task_is_reported_when_it_begins_and_when_it_ends(stop):
    recorder = Recorder(stop)
    progress = Progress(Watched(recorder), "X", "y", 3, {"series_id": None, "weights": [1]})

    with progress.task("epoch", reconstruct=dict) as task:
        pass
    progress.end()

    assert [name for name, _ in recorder.calls] == ["begin", "subcontext", "begin", "end", "end"]
    assert recorder.max_subtasks == 3
    assert recorder.calls[0][1]["metadata"] == {"weights": [1]}
    assert recorder.calls[3][1]["reconstruction_attributes"] is dict
    assert task.stop is stop
