"""
Inside a gate
=============

A plain recurrent network writes over its whole state at every step: :math:`h_t = \\tanh(U x_t + W
h_{t-1} + b)`. Whatever is to be remembered must come back out of W intact, and the error signal on
its way back is multiplied by W and by a slope below one each time.

Long short-term memory (Hochreiter & Schmidhuber 1997; Gers et al. 2000) keeps a second state, the
cell c, beside the path through W. Three *gates*, numbers between 0 and 1 that the network computes
from the input and from h, say how much of c is kept (the forget gate f), how much of the new value
g is let in (the input gate i), and how much of it is shown (the output gate o):

.. math::

    i, f, o &= \\sigma(U_{i,f,o}\\, x_t + W_{i,f,o}\\, h_{t-1} + b_{i,f,o}) \\\\
    g &= \\tanh(U_g x_t + W_g h_{t-1} + b_g) \\\\
    c_t &= f \\odot c_{t-1} + i \\odot g \\\\
    h_t &= o \\odot \\tanh(c_t).

With f = 1 and i = 0 the cell stands still, and the derivative of :math:`c_t` by
:math:`c_{t-1}` is one along this path, for as long as the gates stay as they are: the product of
Jacobians neither vanishes nor explodes. The network learns when to open which gate.
"""

import numpy as np
from matplotlib import pyplot

from trainers import RNNRegressor

# %%
# The task: hold. The first input is noise, the second marks one step in twelve; the answer is the
# noise at the last marked step. All that is needed is a gate.

rng = np.random.default_rng(0)
n_steps = 2000
noise = rng.uniform(-1, 1, n_steps)
marks = rng.random(n_steps) < 1 / 12
marks[0] = True
last_mark = np.maximum.accumulate(np.where(marks, np.arange(n_steps), 0))
X, y = np.column_stack([noise, marks]), noise[last_mark]

scores = {}
for cell in ("rnn", "gru", "lstm"):
    model = RNNRegressor(
        cell=cell,
        n_units=6,
        max_iter=60,
        learning_rate=0.03,
        truncation=60,
        random_state=0,
    )
    scores[cell] = model.fit(X[:1600], y[:1600]).score(X[1600:], y[1600:])
    print(f"{cell:5} R2 on new steps: {scores[cell]:.3f}")
assert scores["lstm"] > max(0.9, scores["rnn"])

# %%
# The gates, by hand from the weights of the network that was fitted. They stand below each other in
# the order i, f, g, o.

U, W, b, V, c = model.weights_.values()
h, cell_state, rows = np.zeros(6), np.zeros(6), []
for x in (X - model.input_mean_) / model.input_scale_:
    i, f, g, o = (U @ x + W @ h + b).reshape(4, 6)
    i, f, o = (1 / (1 + np.exp(-z)) for z in (i, f, o))
    cell_state = f * cell_state + i * np.tanh(g)
    h = o * np.tanh(cell_state)
    rows.append([i, f, o, cell_state])
gates = np.array(rows)

# %%
# The unit whose cell follows the answer most closely. At a mark its input gate opens and its forget
# gate closes: the old value goes, the new one comes in. Between marks it is the other way round,
# and the cell stays where it is.

correlations = [
    np.corrcoef(gates[100:, 3, unit], y[100:])[0, 1] for unit in range(6)
]
unit = np.argmax(np.abs(correlations))
shown = slice(1700, 1800)
figure, (top, middle, bottom) = pyplot.subplots(
    3, 1, figsize=(9, 6), sharex=True, layout="constrained"
)
for ax in (top, middle, bottom):
    for step in np.flatnonzero(marks[shown]):
        ax.axvline(step, color="#BBBBBB", lw=1)
top.plot(y[shown], color="#333333", lw=2.2, alpha=0.45, label="wanted")
top.plot(model.predict(X)[shown], lw=1.2, label="LSTM")
top.legend(loc="upper right", ncols=2)
top.set_title("hold the value at the last mark (grey lines)")
for gate, name, colour in (
    (0, "input gate i", "#009E73"),
    (1, "forget gate f", "#D55E00"),
):
    middle.plot(gates[shown, gate, unit], color=colour, label=name)
middle.set(ylim=(-0.05, 1.05), title=f"two gates of unit {unit}")
middle.legend(loc="center right")
bottom.plot(gates[shown, 3, unit], color="#0072B2")
bottom.set(title=f"cell c of unit {unit}", xlabel="step")

# %%
# A GRU does the same with two gates and without a second state: the share u of the old state stays,
# :math:`h_t = u \odot h_{t-1} + (1 - u) \odot n`. And an echo state network has a gate that does
# not open or close: its ``leak_rate`` is one minus a forget gate that is the same for all steps.

pyplot.show()
