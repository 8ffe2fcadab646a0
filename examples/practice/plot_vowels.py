"""
Who is speaking? Japanese vowels
================================

Nine speakers say /ae/: 270 series to train on, 370 to test, 7 to 29 steps of 12 coefficients. A
list of arrays of different lengths goes in as it is.
"""

from matplotlib import pyplot
from sklearn.metrics import ConfusionMatrixDisplay
from sklearn.model_selection import GridSearchCV

from reservoirs import ESNClassifier, datasets

data = datasets.japanese_vowels()
print("shapes of the first series:", [s.shape for s in data.train[:4]])

# %%
# GridSearchCV slices lists of series as it slices rows.

esn = ESNClassifier(
    n_units=300,
    pooling="mean",
    bias_scaling=1.0,
    input_scaling=0.1,
    random_state=0,
)
grid = {"leak_rate": [0.1, 0.3], "alpha": [1e-2, 1.0]}
search = GridSearchCV(esn, grid, cv=3).fit(data.train, data.train_labels)
print(search.best_params_)
print(f"accuracy {search.score(data.test, data.test_labels):.3f}")

figure, ax = pyplot.subplots(figsize=(5, 4.5), layout="constrained")
ConfusionMatrixDisplay.from_predictions(
    data.test_labels, search.predict(data.test), ax=ax, colorbar=False
)
pyplot.show()
