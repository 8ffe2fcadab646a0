"""
Many series, many processes: Dask
=================================

``n_jobs`` of estimators and searches goes through joblib, so a Dask cluster serves as well as the
cores of one machine. Here two workers on this machine; ``Client("tcp://...")`` takes any cluster.
"""

import joblib
import numpy as np
from dask.distributed import Client, LocalCluster
from matplotlib import pyplot
from sklearn.model_selection import GridSearchCV

from reservoirs import ESNClassifier


def main():
    """Search on a cluster, and compare with the search here."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, 120)
    series = [
        np.sin((0.3 + 0.1 * k) * np.arange(40) + rng.uniform(0, 6))[:, None]
        + 0.3 * rng.standard_normal((40, 1))
        for k in labels
    ]
    grid = {"spectral_radius": [0.5, 0.9], "leak_rate": [0.3, 1.0]}
    esn = ESNClassifier(n_units=100, pooling="mean", random_state=0)

    with (
        LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            dashboard_address=None,
            silence_logs="ERROR",
        ) as cluster,
        Client(cluster),
        joblib.parallel_config(backend="dask"),
    ):
        there = GridSearchCV(esn, grid, cv=4).fit(series, labels)
    here = GridSearchCV(esn, grid, cv=4).fit(series, labels)
    print(there.best_params_, f"accuracy {there.best_score_:.3f}")
    assert np.array_equal(
        there.cv_results_["mean_test_score"],
        here.cv_results_["mean_test_score"],
    )
    scores = there.cv_results_["mean_test_score"].reshape(2, 2)
    figure, ax = pyplot.subplots(figsize=(4.5, 3.4), layout="constrained")
    image = ax.imshow(scores, cmap="Blues", vmin=0.5, vmax=1)
    ax.set_xticks([0, 1], grid["spectral_radius"])
    ax.set_yticks([0, 1], grid["leak_rate"])
    ax.set(xlabel="spectral radius", ylabel="leak rate")
    figure.colorbar(image, label="accuracy")
    pyplot.show()


if __name__ == "__main__":  # processes import this file again
    main()

# %%
# ``reservoirs-bench run --scheduler tcp://...`` sends the cells of a comparison the same way.
