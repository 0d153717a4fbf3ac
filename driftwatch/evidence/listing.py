"""The list rule: which streams of evidence alert together, so that the budget holds however many there are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def listed(log_evidence: Floats, log_limit: float) -> Ints:
    """Positions of the streams that alert now, the strongest first; empty if none do.

    `log_evidence` float64[S] is ln(w E) of all S declared streams (-inf for one that may not alert), weights
    summing to S; `log_limit` is ln A, A the panes per false alert. k* = max{k : (wE)_(k) >= A S / k}, the rule of
    e-BH (Wang and Ramdas 2022) on e-detectors (Shin, Ramdas, Rinaldo 2024): these k* remove at least A from the mean of
    the S values, whose drift is at most 1 per pane while nothing changes, so at most one list per A panes is false.
    """
    declared = len(log_evidence)
    if not declared or log_evidence.max() < log_limit:
        return np.empty(0, np.int64)
    hopeful = np.flatnonzero(log_evidence >= log_limit)  # k <= S, so nothing below ln A can be listed
    order = hopeful[np.argsort(-log_evidence[hopeful], kind="stable")]
    needed = log_limit + np.log(declared) - np.log(np.arange(1, len(order) + 1))
    holding = np.flatnonzero(log_evidence[order] >= needed)
    return order[: holding[-1] + 1] if len(holding) else np.empty(0, np.int64)
