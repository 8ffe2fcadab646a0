"""A callback of scikit-learn that counts."""


class Recorder:
    """Counts what it is told, and asks to stop after `stop_after` tasks."""

    max_propagation_depth = None

    def __init__(self, stop_after=10**9):
        self.names, self.stop_after, self.sizes = [], stop_after, []

    def setup(self, estimator, context):
        self.sizes.append(context.max_subtasks)

    def on_fit_task_begin(self, estimator, context):
        pass

    def on_fit_task_end(self, estimator, context):
        self.names.append(context.task_name)
        return len(self.names) >= self.stop_after

    def teardown(self, estimator, context):
        self.names.append("teardown")
