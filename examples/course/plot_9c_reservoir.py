"""
A reservoir, pictured
=====================

Echo state networks draw the connections of the hidden units with care, leave them as they are, and
learn the output only. Why should that do? One picture of it: the hidden state is a large collection
of oscillators, coupled weakly by tanh, of which the input rings those that are in tune with it.

For small inputs tanh is the identity, and a reservoir without leak is linear,

.. math::

    h_t = W h_{t-1} + W_{in} u_t .

In the coordinates of the eigenvectors of W nothing is coupled. With :math:`W v_k = \\lambda_k v_k`
and :math:`\\lambda_k = r_k e^{i \\omega_k}`, the share of :math:`v_k` in the state is an oscillator
on its own: it turns by the angle :math:`\\omega_k` per step and fades by the factor :math:`r_k`. An
input that itself oscillates with :math:`\\omega` drives it to the amplitude

.. math::

    \\frac{|w_k|}{|e^{i\\omega} - \\lambda_k|},

where :math:`w_k` is the share of :math:`v_k` in :math:`W_{in}`: large where the eigenvalue lies
next to the point of the unit circle that the input stands for.
"""

import numpy as np
from matplotlib import pyplot

from reservoirs import Reservoir

n_units, n_steps = 200, 2000
network = Reservoir(
    n_units=n_units,
    spectral_radius=0.98,
    leak_rate=1.0,
    input_scaling=1e-4,
    bias_scaling=0.0,
    random_state=0,
)
time = np.arange(n_steps)
network.fit(np.zeros((n_steps, 1)))
W = network.recurrent_weights_
W = W.toarray() if hasattr(W, "toarray") else np.asarray(W)
W_in = np.ravel(network.input_weights_)
eigenvalues, vectors = np.linalg.eig(W)
shares = np.linalg.solve(vectors, W_in)
print(f"largest eigenvalue: {abs(eigenvalues).max():.4f}")

# %%
# Two inputs, one slow and one fast, into the same reservoir. Each rings its own oscillators.

figure, panels = pyplot.subplots(
    2, 2, figsize=(10, 8), layout="constrained", width_ratios=[1, 1.25]
)
circle = np.exp(1j * np.linspace(0, 2 * np.pi, 200))
for (left, right), omega in zip(panels, (0.25, 1.4), strict=True):
    states = network.transform(np.cos(omega * time)[:, None])
    modes = np.linalg.solve(vectors, states[n_steps // 2 :].T)
    turning = np.exp(-1j * omega * time[n_steps // 2 :])
    measured = 2 * abs((modes * turning).mean(axis=1))
    expected = abs(shares) / abs(np.exp(1j * omega) - eigenvalues)

    left.plot(circle.real, circle.imag, color="#BBBBBB", lw=1)
    left.scatter(
        eigenvalues.real,
        eigenvalues.imag,
        s=4 + 120 * measured / measured.max(),
        c="#0072B2",
        alpha=0.6,
    )
    left.plot(np.cos(omega), np.sin(omega), "x", color="#D55E00", ms=10, mew=2)
    left.set(
        aspect=1, title=f"input of {omega} per step: cross; eigenvalues of W"
    )
    left.title.set_size(10)
    upper = eigenvalues.imag > 0
    right.semilogy(
        np.angle(eigenvalues[upper]), measured[upper], "o", label="measured"
    )
    right.semilogy(
        np.angle(eigenvalues[upper]),
        expected[upper],
        "k.",
        ms=3,
        label="formula",
    )
    right.axvline(omega, color="#D55E00", lw=1)
    right.set(xlabel="angle per step of the oscillator", ylabel="amplitude")
    right.legend()
    ratio = measured[upper] / expected[upper]
    print(f"omega = {omega}: measured over formula {np.median(ratio):.3f}")

# %%
# A readout adds up these oscillators with weights of its own: a small Fourier analysis of what the
# network heard lately. The radius of W says how long an oscillator rings, hence "near one" where
# memory is wanted and well below where it is not. With larger inputs tanh bends, the oscillators
# are coupled, and sums and products of frequencies appear: what a linear filter has not.

figure, ax = pyplot.subplots(figsize=(8, 3), layout="constrained")
for drive, colour in ((1e-3, "#56B4E9"), (1.0, "#0072B2"), (5.0, "#D55E00")):
    network.set_params(input_scaling=drive).fit(np.zeros((n_steps, 1)))
    tones = np.cos(0.25 * time) + np.cos(1.4 * time)
    states = network.transform(tones[:, None])[n_steps // 2 :]
    power = abs(np.fft.rfft(states * np.hanning(len(states))[:, None], axis=0))
    power = (power**2).mean(axis=1)
    angles = 2 * np.pi * np.fft.rfftfreq(len(states))
    ax.semilogy(
        angles,
        power / power.max(),
        color=colour,
        lw=1,
        label=f"input times {drive:g}",
    )
ax.set(
    xlabel="angle per step",
    ylabel="power in the states",
    ylim=(1e-9, 2),
    title="two tones in: small, two tones out; large, their combinations",
)
ax.legend()
pyplot.show()
