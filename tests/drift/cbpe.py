"""CBPE of a multiclass model row by row, as NannyML defines it, and scores to try it on."""

from __future__ import annotations

import numpy as np
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import f1_score, recall_score, roc_auc_score

from tests.drift import counting as c

NAMES = ("recall", "f1", "specificity", "auc")


def world(seed: int, n: int, mix: tuple[float, ...] = (0.5, 0.3, 0.2), digits: int = 2) -> c.Scored:
    """Over-confident scores of a model whose inputs come in three kinds, mixed as said."""
    rng = np.random.default_rng(seed)
    kind = rng.choice(3, n, p=mix)
    truth = (
        rng.dirichlet((1, 1, 1), n) * 0.3
        + 0.7 * np.array([[0.7, 0.2, 0.1], [0.2, 0.6, 0.2], [0.3, 0.3, 0.4]])[kind]
    )
    labels = (rng.random(n)[:, None] > truth.cumsum(axis=1)[:, :-1]).sum(axis=1)
    sure = truth**1.6
    scores = sure / sure.sum(axis=1, keepdims=True)
    rounded = np.round(scores, digits)
    rounded[:, -1] = np.round(1 - rounded[:, :-1].sum(axis=1), digits)
    return rounded, scores.argmax(axis=1), labels


def by_rows(past: c.Scored, now: c.Scored, *, normal: bool) -> dict[str, np.ndarray]:
    """CBPE row by row: isotonic per class, with NannyML's division by the row's sum or without it; [classes] each."""
    calibrated = np.stack(
        [
            IsotonicRegression(out_of_bounds="clip").fit(past[0][:, k], past[2] == k).predict(now[0][:, k])
            for k in range(past[0].shape[1])
        ],
        axis=1,
    )
    if normal:
        total = calibrated.sum(axis=1, keepdims=True)
        calibrated = np.where(total > 0, calibrated / np.where(total > 0, total, 1), 1 / calibrated.shape[1])
    yes = now[1][:, None] == np.arange(calibrated.shape[1])
    tp, fp = (calibrated * yes).sum(axis=0), ((1 - calibrated) * yes).sum(axis=0)
    fn, tn = (calibrated * ~yes).sum(axis=0), ((1 - calibrated) * ~yes).sum(axis=0)
    areas = [
        roc_auc_score(np.repeat([1, 0], len(p)), np.tile(s, 2), sample_weight=np.append(p, 1 - p))
        for p, s in zip(calibrated.T, now[0].T, strict=True)
    ]
    return {
        "recall": tp / (tp + fn), "precision": tp / (tp + fp), "f1": 2 * tp / (2 * tp + fp + fn),
        "specificity": tn / (tn + fp), "auc": np.array(areas),
    }  # fmt: skip


def realised(now: c.Scored) -> dict[str, float]:
    scores, decided, labels = now
    classes = range(scores.shape[1])
    return {
        "recall": recall_score(labels, decided, average="macro"),
        "f1": f1_score(labels, decided, average="macro"),
        "specificity": float(
            np.mean([np.mean(decided[labels != k] != k) for k in classes])
        ),
        "auc": float(np.mean([roc_auc_score(labels == k, scores[:, k]) for k in classes])),
    }  # fmt: skip
