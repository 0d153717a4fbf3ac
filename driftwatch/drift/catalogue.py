"""The ordered list of all statistics, and the one place where they are computed together."""

from __future__ import annotations

from typing import Final

NAMES: Final[tuple[str, ...]] = (
    "psi",
    "psi_bias",
    "psi_critical",
    "ks_statistic",
    "ks_p_value",
    "missing_share",
    "invalid_share",
    "unseen_share",
    "out_of_range_share",
    "event_ratio",
    "label_coverage",
    "calibration_error",
    "calibration_error_expected",
    "calibration_error_excess",
    "brier_score",
    "brier_score_decay",
    "accuracy",
    "accuracy_decay",
    "accuracy_ratio",
    "precision",
    "precision_decay",
    "recall",
    "recall_decay",
    "specificity",
    "specificity_decay",
    "f1",
    "f1_decay",
    "auc",
    "auc_decay",
    "macro_f1",
    "macro_f1_decay",
    "mae",
    "mae_decay",
    "rmse",
    "rmse_decay",
    "bias",
    "bias_decay",
)
"""Names as rules and files write them; the metric is `driftwatch_` + name."""
