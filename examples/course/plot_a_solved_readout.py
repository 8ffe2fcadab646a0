"""
Why the readout is solved
=========================

A recurrent network reads its states with a linear layer,

.. math:: o[t] = V h[t] + U x[t] + c.

For given states the best :math:`V, U, c` is no matter of learning: it is a least-squares problem
with one answer. Gradient descent creeps towards that answer along the smallest singular values of
the states, which differ by ten orders of magnitude, and never arrives. Echo state networks solve it
and draw all the rest. This page does both: solve the readout, and train the rest.
"""

import warnings

import numpy as np
from matplotlib import pyplot
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from reservoirs import datasets, forecast, metrics, next_step
from trainers import ESNInit, RNNRegressor

data = datasets.oscillator(1600, eta=0.1, force="multi", dt=0.1, random_state=0)
x, force = data.x[:, None], data.force[:, None]
X, y = next_step(x[:1200], force)
truth, exog = x[1200:], force[1199:1599]
start = ESNInit(spectral_radius=0.9, input_scale=0.03)
# the worse forecasts below meet it
warnings.filterwarnings("ignore", message="the forecast met its bound")


def judged(**settings):
    """Fit a network, and return it with the error of its forecast."""
    network = RNNRegressor(washout=200, init=start, random_state=0, **settings)
    model = make_pipeline(StandardScaler(), network).fit(X, y)
    return network, metrics.nrmse(truth, forecast(model, 400, exog=exog))


# %%
# Three networks of 16 units. The first trains all its weights by Adam. The second is the same, and
# its readout is solved after every epoch. The third is trained by Levenberg-Marquardt steps that
# minimise over the recurrent weights *what the best readout leaves* (variable projection, Golub &
# Pereyra 1973): at each step the readout is solved anew, and is never stale.

adam = {"n_units": 16, "solver": "adam", "learning_rate": 0.01, "max_iter": 40}
inside = {
    "solver": "levenberg_marquardt",
    "readout": "ridge",
    "alpha": 1e-12,
    "max_iter": 20,
}
ways = {
    "all trained by Adam": judged(**adam),
    "Adam, readout solved after": judged(**adam, readout="ridge", alpha=1e-12),
    "Levenberg-Marquardt, readout solved inside": judged(n_units=16, **inside),
}
for name, (network, error) in ways.items():
    loss = network.loss_curve_[-1]
    print(f"{name}: NRMSE {error:.1e}, training loss {loss:.0e}")

# %%
# On a sine solving afterwards is all that is needed. Here it is not: the states themselves have to
# become those of an oscillator, and only a loss that knows of the best readout asks them to.
#
# What training buys over drawing
# -------------------------------
#
# An echo state network of this size has the same solved readout and weights that were drawn. A
# training rate of next to nothing gives it in the same four lines.

sizes = [4, 8, 16]
as_drawn = {"solver": "sgd", "learning_rate": 1e-12, "max_iter": 1}
solved = {"readout": "ridge", "alpha": 1e-12}
drawn = [judged(n_units=n, **as_drawn, **solved)[1] for n in sizes]
trained = [judged(n_units=n, **inside)[1] for n in sizes]

figure, (left, right) = pyplot.subplots(
    1, 2, figsize=(10, 4), layout="constrained"
)
left.semilogy(
    sizes, np.minimum(drawn, 10.0), "o:", color="#999999", label="drawn"
)
left.semilogy(sizes, trained, "o-", color="#0072B2", label="trained")
left.set(xlabel="units", ylabel="NRMSE of the forecast", xticks=sizes)
left.legend()
colours = ("#E69F00", "#CC79A7", "#0072B2")
for (name, (network, _)), colour in zip(ways.items(), colours, strict=True):
    epochs = np.arange(1, network.n_iter_ + 1)
    right.loglog(epochs, network.loss_curve_, color=colour, label=name)
right.set(xlabel="epoch, or step", ylabel="training loss")
right.legend(fontsize=8)

# %%
# The gradient needs no derivative of the solve. At the best readout the loss does not change with
# the readout to first order, so that its partial derivative by the other weights is the whole one;
# and the Gauss-Newton matrix is that of the residuals with everything projected out which a readout
# could take away, :math:`J'(I - QQ')J` (Kaufman 1975), with :math:`Q` from the QR decomposition of
# the states.

assert ways["Levenberg-Marquardt, readout solved inside"][1] < 1e-2

pyplot.show()
