"""A module that takes its time to load; in its place a fork server loads torch and all else."""

import time

time.sleep(1.0)
