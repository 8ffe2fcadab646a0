"""
The law of motion, out of a recording
=====================================

A step of Euler's method turns the damped, driven oscillator x'' + eta x' + x = F(t) into a map, a
linear recurrent network. This page goes back: from a recording of x, its velocity v and the force
to the law itself,

.. code-block:: none

    x' = v
    v' = F - eta v - x

first as the map of the notes, then by the rate form of the same regression.
"""

import numpy as np
from matplotlib import pyplot
from scipy.integrate import solve_ivp

from reservoirs import NVARRegressor, next_step

eta = 0.1
# rows x' and v', columns x, v and F
law = np.array([[0.0, 1.0, 0.0], [-1.0, -eta, 1.0]])


def force(t):
    """Return a sum of tones: of one alone x would only follow F."""
    tones = (
        0.5 * np.cos(0.8 * t),
        0.3 * np.sin(1.7 * t + 1),
        0.2 * np.cos(0.3 * t),
    )
    return sum(tones)


def record(dt, n_steps=600):
    """Return (x, v) and F at equal steps, exact to twelve digits."""
    t = dt * np.arange(n_steps)
    run = solve_ivp(
        lambda t, z: law @ [*z, force(t)],
        (0, t[-1]),
        (1.0, 0.0),
        method="DOP853",
        t_eval=t,
        rtol=1e-12,
        atol=1e-12,
    )
    return run.y.T, force(t)[:, None]


def show(name, found):
    """Print a law beside the true one."""
    print(f"{name:22}        x         v         F")
    for row, found_row, true_row in zip(("x'", "v'"), found, law, strict=True):
        for what, values in ((f"{row} found", found_row), ("true", true_row)):
            print(
                f"{what:>17}    "
                + "".join(f"{value:10.5f}" for value in values)
            )


# %%
# The map of the notes. Regression of the next row on the present one gives a matrix; were the data
# those of Euler's method, it would be 1 + dt L, L the law. Reading L off it so makes an error as
# large as Euler's own: the true step is not the one along the tangent.

dt = 0.1
z, F = record(dt)
euler = NVARRegressor(n_delays=1, degree=1, alpha=0).fit(*next_step(z, F))
show("Euler map, dt = 0.1", (euler.coef_ - np.eye(2, 3)) / dt)

# %%
# The rate form asks for the law in place of the map. What x did in a step is the integral of its
# velocity over it,
#
# .. code-block:: none
#
#     z[t+1] - z[t] = dt sum_j b_j L [z, F][t-p+j]
#
# and b integrates the polynomial through the 2p + 2 rows around the step exactly. It is the same
# least squares, with other columns: no derivative of data is ever taken.

settings = {"form": "rate", "dt": dt, "order": 12, "alpha": 0}
rate = NVARRegressor(degree=1, **settings).fit(*next_step(z, F))
show("rate form, dt = 0.1", rate.coef_)
assert abs(rate.coef_ - law).max() < 1e-6

# %%
# More terms than the law has come out as zeros, so that one need not know it: here all products of
# two and three of x, v and F.

more = NVARRegressor(degree=3, **settings).fit(*next_step(z, F))
n_large = np.sum(abs(more.coef_) > 1e-3)
print(f"of {more.coef_.size} coefficients {n_large} exceed 0.001")
assert n_large == 4

# %%
# How good a law is depends on the step. Euler's error shrinks with dt, the trapezoidal rule's
# (``order=2``) with its square, that of 2p + 2 rows with its power 2p + 2, until rounding is left.

steps = np.geomspace(0.03, 0.6, 9)
kinds = {"Euler map": 0, "order 2": 2, "4": 4, "8": 8, "16": 16}
errors = {name: [] for name in kinds}
for step in steps:
    rows = next_step(*record(step))
    for name, order in kinds.items():
        if order:
            model = NVARRegressor(
                form="rate", dt=step, order=order, degree=1, alpha=0
            )
            found = model.fit(*rows).coef_
        else:
            model = NVARRegressor(n_delays=1, degree=1, alpha=0).fit(*rows)
            found = (model.coef_ - np.eye(2, 3)) / step
        errors[name].append(abs(found - law).max())

# %%
# The law runs by itself, too: ``forecast`` integrates it along the known force, which between two
# rows is the polynomial through the last four of them. It may be a force that was never recorded.

t = dt * np.arange(600)
chirp = 0.1 * np.sin(0.05 * t**1.7)[:, None]
free = rate.forecast(599, context=[[0.5, 0.0]], exog=chirp[:599])
truth = solve_ivp(
    lambda s, z: law @ [*z, 0.1 * np.sin(0.05 * s**1.7)],
    (0, t[-1]),
    (0.5, 0.0),
    t_eval=t[1:],
    rtol=1e-10,
    atol=1e-10,
).y[0]
error = abs(free[:, 0] - truth).max()
print(f"under a force that was not in the data x is off by {error:.0e}")

figure, (left, right) = pyplot.subplots(
    1, 2, figsize=(10, 4), layout="constrained"
)
for name, of_steps in errors.items():
    left.loglog(steps, of_steps, "o-", ms=3, label=name)
left.set(xlabel="step dt", title="Largest error of a coefficient, 600 rows")
left.set_xticks([0.03, 0.1, 0.3], labels=["0.03", "0.1", "0.3"])
left.minorticks_off()
left.legend()
right.plot(
    t, chirp[:, 0], color="#BBBBBB", lw=1, label="force, not in the data"
)
right.plot(t[1:], truth, color="#333333", lw=4, alpha=0.3, label="x, true")
right.plot(t[1:], free[:, 0], lw=1.2, label="x, of the law found")
right.set(xlabel="time", title="599 steps in a closed loop")
right.legend()
pyplot.show()
