"""The model of the demonstration: a logistic regression that is fitted by Newton's method."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from driftwatch.demo.world import CHANNELS, COUNTRIES, DEVICES, PURPOSES, Floats, Loans

THRESHOLD: Final = 0.5
"""Probability from which a default is predicted."""
_NUMERIC: Final = ("age", "income", "debt_ratio", "loan_amount", "employment_years", "inquiries")
_LOGARITHMIC: Final = frozenset({"income", "debt_ratio", "loan_amount"})
_CATEGORICAL: Final = (
    ("country", COUNTRIES),
    ("channel", CHANNELS),
    ("device", DEVICES),
    ("purpose", PURPOSES),
)
_RIDGE: Final = 1e-3
_STEPS: Final = 30


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """A fitted model; `version` is what its predictions are published under."""

    version: str
    mean: Floats
    deviation: Floats
    weights: Floats
    """The intercept first."""

    def probability(self, loans: Loans) -> Floats:
        """The probability of default, float64[n]."""
        return _sigmoid(_matrix(loans, self.mean, self.deviation) @ self.weights)

    def accuracy(self, loans: Loans) -> float:
        """Share of loans whose outcome is predicted."""
        right = (self.probability(loans) >= THRESHOLD) == loans.defaulted
        return np.count_nonzero(right) / len(loans)


def fit(version: str, loans: Loans) -> Model:
    """The weights of greatest likelihood with a slight ridge: iteratively reweighted least squares.

    Raises ValueError where the loans hold fewer than two outcomes.
    """
    if len(np.unique(loans.defaulted)) < 2:
        raise ValueError("a model needs loans that defaulted and loans that did not")
    raw = _numbers(loans)
    mean, deviation = np.nanmean(raw, axis=0), np.nanstd(raw, axis=0)
    deviation = np.where(deviation > 0, deviation, 1.0)
    x, y = _matrix(loans, mean, deviation), loans.defaulted.astype(np.float64)
    ridge = _RIDGE * len(y) * np.eye(x.shape[1])
    weights = np.zeros(x.shape[1])
    for _ in range(_STEPS):
        p = _sigmoid(x @ weights)
        gradient = x.T @ (y - p) - ridge @ weights
        step = np.linalg.solve((x * (p * (1 - p))[:, None]).T @ x + ridge, gradient)
        weights = weights + step
        if float(np.abs(step).max()) < 1e-9:
            break
    return Model(version, mean, deviation, weights)


def _matrix(loans: Loans, mean: Floats, deviation: Floats) -> Floats:
    """float64[n, columns]: one, the standardised numbers (a missing one is an average one), the categories."""
    numbers = np.nan_to_num((_numbers(loans) - mean) / deviation)
    dummies = [
        (getattr(loans, name) == value).astype(np.float64)
        for name, values in _CATEGORICAL
        for value in values[1:]
    ]
    return np.column_stack([np.ones(len(loans)), numbers, *dummies])


def _numbers(loans: Loans) -> Floats:
    columns = [getattr(loans, name) for name in _NUMERIC]
    return np.column_stack(
        [np.log(c) if name in _LOGARITHMIC else c for name, c in zip(_NUMERIC, columns, strict=True)]
    )


def _sigmoid(x: Floats) -> Floats:
    return 1.0 / (1.0 + np.exp(-np.clip(x, -30, 30)))
