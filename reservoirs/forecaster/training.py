"""A branch while it is compared with others: what its readouts need of all rows."""

from __future__ import annotations

import numpy as np

from reservoirs.forecaster.branch import Branch, Course
from reservoirs.parallel import one_blas_thread
from reservoirs.readout import BlockDeletion, QRSums
from reservoirs.sequences import Array


class Training:
    """A branch and the sums of its members' rows along a series.

    Parameters
    ----------
    branch : Branch
        Measured.
    y : array of shape (n, n_outputs)
        The series.
    exog : array of shape (n, n_exog)
        Exogenous inputs beside it; the last row is not read.
    """

    def __init__(self, branch: Branch, y: Array, exog: Array) -> None:
        self.branch, self.n_rows = branch, len(y) - branch.transform.reach - 1
        self.course = course = branch.follow(y, exog, 0, len(y), branch.starts())
        first = branch.inputs.reach  # rows before it have no lags
        times = np.arange(course.first + first, len(y))
        beside = branch.beside(branch.lagged(course.z, np.arange(first, len(course.z))), times)
        numbers = range(len(branch.reservoirs))
        self.members = [Member(course, number, beside, first) for number in numbers]
        self.ends = [before[-1].copy() for before in course.before]

    def release(self) -> None:
        """Let go of what only the comparison needs."""
        del self.course
        for member in self.members:
            member.release()

    def solve(self, alpha: float) -> Branch:
        """Return the branch with the readouts of all rows."""
        with one_blas_thread():
            solved = [member.sums.solve(alpha) for member in self.members]
        self.branch.readouts = [(one.coefficients[None], one.intercept[None]) for one in solved]
        return self.branch


class Member:
    """The rows that the readout of one member learns from, and their sums.

    Parameters
    ----------
    course : Course
        The series.
    number : int
        Of the member.
    beside : array of shape (n, n_columns)
        What is read beside its states from row `first` of the course on.
    first : int
        The first row that is learned from.
    """

    def __init__(self, course: Course, number: int, beside: Array, first: int) -> None:
        self.first = first
        states = np.vstack([course.before[number][1:], course.after[number]])
        self.rows = np.hstack([states[first:], beside, course.exog[first:]])
        self.targets = course.z[first + 1 :]
        self.sums = QRSums(self.rows.shape[1], course.z.shape[1])
        with one_blas_thread():
            self.sums.add(self.rows[:-1], self.targets)
            self.deletion = BlockDeletion(self.sums)

    def without(self, start: int, length: int, alphas: Array) -> tuple[Array, Array]:
        """Return readouts without the rows from `start` of z on, one for each penalty."""
        span = slice(max(start - self.first, 0), max(start - self.first + length, 0))
        return self.deletion.without(self.rows[:-1][span], self.targets[span], alphas)

    def release(self) -> None:
        """Let go of all but the sums."""
        del self.rows, self.targets, self.deletion
