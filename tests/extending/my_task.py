"""A task of one's own: data drawn from a seed, cut into training, validation and test rows.

reservoirs-bench run smoke --plugin my_task.py -t pendulum -m esn -m linear
"""

import numpy as np
from scipy.integrate import solve_ivp

from benchmarks import Split, Task


def pendulum(seed):
    """x'' + sin x = 0, released at rest from a drawn angle: ten points per unit of time."""
    angle = np.random.default_rng(seed).uniform(1.0, 2.5)
    times = 0.1 * np.arange(1600)
    motion = solve_ivp(
        lambda t, z: [z[1], -np.sin(z[0])], (0, times[-1]), [angle, 0.0], t_eval=times, rtol=1e-10
    )
    # 1000 rows to train on, 300 to tune on; forecasts of 100 and of 300 steps are scored
    return Split(
        motion.y[:1].T, n_train=1000, n_valid=300, washout=100, horizons=(100, 300), dt=0.1
    )


TASKS = [Task("pendulum", "Free pendulum, large angles", pendulum, n_units=100)]
