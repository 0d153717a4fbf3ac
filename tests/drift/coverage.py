"""How often intervals hold the truth and p-values fall below 5 %: `python -m tests.drift.coverage > docs/statistics-coverage.md`."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import numpy as np

from driftwatch.drift.catalogue import STATISTICS, read
from driftwatch.drift.decay_split import split
from driftwatch.drift.reading import Estimate, Ints
from driftwatch.drift.shares import Share
from driftwatch.summaries.layout import Task
from tests.drift import counting as c

WINDOWS = 2_000
SIZES = (100, 500, 2_000)
P_VALUES = tuple(name for name in STATISTICS if name.endswith("p_value"))
BINARY = (
    "accuracy", "accuracy_decay", "accuracy_ratio", "precision", "recall", "specificity", "f1", "auc",
    "brier_score", "calibration_gap", "calibration_intercept", "calibration_slope", "calibration_error_squared",
    "precision_decay", "recall_decay", "specificity_decay", "f1_decay", "auc_decay", "brier_score_decay",
    "log_loss", "log_loss_decay", "matthews", "matthews_decay", "cohens_kappa", "cohens_kappa_decay",
    "balanced_accuracy", "balanced_accuracy_decay",
)  # fmt: skip
CLASSES = (
    "class_calibration_gap", "class_calibration_intercept", "class_calibration_slope",
    "class_calibration_error_squared", "class_brier_score", "class_brier_score_decay", "class_auc",
    "class_auc_decay", "class_log_loss", "multiclass_log_loss", "multiclass_log_loss_decay",
    "multiclass_brier_score", "multiclass_brier_score_decay", "macro_auc", "macro_auc_decay",
    "classwise_calibration_error_squared",
)  # fmt: skip
CAREFUL = (
    "calibration_error_squared", "class_calibration_error_squared", "classwise_calibration_error_squared",
    "multiclass_brier_score", "multiclass_brier_score_decay", "macro_auc", "macro_auc_decay",
)  # fmt: skip
"""Too wide, and they say so: of no gap at all, and of several classes together."""
REGRESSION = ("mae", "rmse", "bias", "mae_decay", "rmse_decay", "bias_decay")
BOUNDS = (
    "ks_statistic", "kuiper_statistic", "mann_whitney", "wasserstein", "energy_distance", "mean_shift", "p05_shift",
    "median_shift", "p95_shift", "average_precision", "class_calibration_error_mass",
)  # fmt: skip
"""Their limits are the grid's error and always hold: tests on raw values show it, chance has no part in them."""
REFERENCE = 20_000

INTRODUCTION = f"""\
# How often the statistics' limits are right

Made by `python -m tests.drift.coverage > docs/statistics-coverage.md` ({WINDOWS:,} simulated windows of each size without drift,
one fixed seed); `tests/drift/test_coverage.py` holds the table to its bounds. A rate of 5 % has a standard error of 0.5 % here.

Intervals are 95 % intervals of the window's chance. Those of differences to the reference count its chance too; the
reference (20 000 events) is drawn anew for every window. The estimate without labels has one reference, and the truth of a window is the
realised accuracy of its own labels. Rates of `class_…` are over the three classes of a calibrated model; what is made of several classes
together (`macro_auc`, `multiclass_brier_score`) has limits that hold whatever binds the classes together, so they hold too often. The limits
of `ks_statistic`, `kuiper_statistic`, `mann_whitney`, `wasserstein`, `energy_distance`, `average_precision`,
`class_calibration_error_mass` and the shifts are the grid's error and always hold.
"""


def rates(seed: int = 11) -> Iterator[tuple[str, str, list[float]]]:
    """(statistic, what, the rate at each size); a rate is nan where the statistic says nothing."""
    rng = np.random.default_rng(seed)
    inputs = [_inputs(rng, n) for n in SIZES]
    for name in P_VALUES:
        if name in inputs[0]:
            for kind in ("numeric", "ties", "category"):
                if kind in inputs[0][name].fields:
                    yield name, f"below 5 %, {kind}", [_below(found[name], kind) for found in inputs]
    binary, truths = zip(*(_binary(rng, n) for n in SIZES), strict=True)
    for name in ("calibration_p_value", "spiegelhalter_p_value"):
        yield name, "below 5 %", [_below(found[name], "") for found in binary]
    for name in BINARY:
        yield (
            name,
            "interval holds the truth",
            [_held(f[name], t[name]) for f, t in zip(binary, truths, strict=True)],
        )
    regression, truths = zip(*(_regression(rng, n) for n in SIZES), strict=True)
    for name in REGRESSION:
        held = [_held(f[name], t[name]) for f, t in zip(regression, truths, strict=True)]
        yield name, "interval holds the truth", held
    for world in (_quality, _multiclass, _strata, _estimates, _aged):
        found, truths = zip(*(world(rng, n) for n in SIZES), strict=True)
        for name in truths[0]:
            held = [_held(f[name], t[name]) for f, t in zip(found, truths, strict=True)]
            yield name, "interval holds the truth", held
    splits = [_split(rng, n) for n in SIZES]
    for name in splits[0]:
        yield f"accuracy_decay_{name}", "interval holds the truth", [each[name] for each in splits]
    yield from _class_rates(np.random.default_rng(seed))


def _class_rates(rng: np.random.Generator) -> Iterator[tuple[str, str, list[float]]]:
    """Of the classes' own scores, each class counted."""
    of = _Classes()
    found = [of.read(of.drawn(rng, REFERENCE), of.drawn(rng, n)) for n in SIZES]
    for name in ("class_calibration_p_value", "class_spiegelhalter_p_value"):
        p = [each[name].value for each in found]
        yield name, "below 5 %", [float(np.mean(each < 0.05, where=np.isfinite(each))) for each in p]
    most = of.expected(10**9)
    truths = of.read(most, most)
    for name in CLASSES:
        truth = truths[name].value[0]
        yield name, "interval holds the truth", [_all_held(each[name], truth) for each in found]


class _Classes:
    """A calibrated model of three classes: some eighty possible scores, whose labels follow them."""

    def __init__(self) -> None:
        rng = np.random.default_rng(3)
        self.scores = np.round(rng.dirichlet((1.2, 0.8, 0.5), 80), 3)
        self.scores[:, 2] = np.round(1 - self.scores[:, 0] - self.scores[:, 1], 3)
        self.scores = self.scores[(self.scores > 0.004).all(axis=1)]
        self.fields = c.class_score_fields(0, self.scores, "abc", exact=True)
        self.part = c.class_labels_part(self.fields)
        decided = self.scores.argmax(axis=1)
        self.columns = np.stack([
            c.class_counts(self.fields, p[None], d[None], np.array([y]))
            for p, d in zip(self.scores, decided, strict=True) for y in range(3)
        ])  # fmt: skip
        """int64[scores and labels, columns]: what one label adds."""
        self.chances = (self.scores / len(self.scores)).ravel()

    def drawn(self, rng: np.random.Generator, n: int) -> Ints:
        return rng.multinomial(n, self.chances, size=WINDOWS) @ self.columns

    def expected(self, n: int) -> Ints:
        return np.rint(self.chances * n).astype(np.int64)[None] @ self.columns

    def read(self, past: Ints, now: Ints) -> dict[str, Estimate]:
        predictions = c.fields_part(*self.fields)
        layout = c.layout(Task.MULTICLASS, predictions, self.part, rows=len(now), classes="abc_")
        return dict(read(c.pair_of(self.part, past, now, layout=layout)))


def _all_held(estimate: Estimate, truth: np.ndarray) -> float:
    known = np.isfinite(estimate.lower)
    inside = (estimate.lower <= truth) & (truth <= estimate.upper)
    return float(np.mean(inside, where=known)) if known.any() else float("nan")


def _below(estimate: Estimate, field: str) -> float:
    p = estimate.value[:, estimate.fields.index(field)]
    known = p[np.isfinite(p)]
    return float(np.mean(known < 0.05)) if len(known) else float("nan")


def _held(estimate: Estimate, truth: float | np.ndarray) -> float:
    lower, upper = estimate.lower[:, 0], estimate.upper[:, 0]
    known = np.isfinite(lower)
    return float(np.mean((lower <= truth) & (truth <= upper), where=known)) if known.any() else float("nan")


def _inputs(rng: np.random.Generator, n: int) -> dict[str, Estimate]:
    """Reference and windows from the same distributions: a continuous field, one with ties, a category."""
    values = rng.random(200_000)
    numeric = c.numeric("numeric", 0, values)
    ties = c.numeric("ties", numeric.stop, np.floor(values**2 * 12))
    category = c.categorical("category", ties.stop, ["a", "b", "c", "d", "e"])
    shares = np.array([0.4, 0.3, 0.15, 0.1, 0.05])
    sides: list[Ints] = []
    for size in (REFERENCE, n):
        drawn = rng.multinomial(size, _shares(numeric, values), size=WINDOWS)
        tied = rng.multinomial(size, _shares(ties, np.floor(values**2 * 12)), size=WINDOWS)
        classes = rng.multinomial(size, shares, size=WINDOWS)
        zeros = np.zeros((WINDOWS, 2), np.int64)
        sides.append(np.hstack([drawn, zeros, tied, zeros, classes, zeros, zeros[:, :1]]))
    return dict(read(c.pair_of(c.fields_part(numeric, ties, category), *sides)))


def _shares(field, values: np.ndarray) -> np.ndarray:
    counts = np.bincount(np.searchsorted(field.edges, values), minlength=field.cells)
    return counts / counts.sum()


def _binary(rng: np.random.Generator, n: int) -> tuple[dict[str, Estimate], dict[str, float]]:
    """A calibrated model with a threshold of ½; the truth is that of a million of its labels."""
    grid = np.round(np.linspace(0.005, 0.995, 100), 3)
    weights = grid ** (-0.4) * (1 - grid) ** 0.2
    weights /= weights.sum()
    field = c.cut(grid, "score", exact=True)
    part = c.labels_part(confusion=(2, 2), score_label=(field.cells, 2), calibration=(6, 10))
    sides = [_labelled(rng, field, grid, weights, size) for size in (REFERENCE, n)]
    layout = c.layout(Task.BINARY, c.fields_part(field), part, rows=WINDOWS)
    found = dict(read(c.pair_of(part, *sides, layout=layout)))
    tp, fp = np.sum(weights * grid * (grid >= 0.5)), np.sum(weights * (1 - grid) * (grid >= 0.5))
    fn, tn = np.sum(weights * grid * (grid < 0.5)), np.sum(weights * (1 - grid) * (grid < 0.5))
    no, yes = weights * (1 - grid), weights * grid
    below = np.cumsum(no) - no
    truth = {
        "accuracy": tp + tn, "accuracy_decay": 0, "accuracy_ratio": 1, "precision": tp / (tp + fp),
        "recall": tp / (tp + fn), "specificity": tn / (tn + fp), "f1": 2 * tp / (2 * tp + fp + fn),
        "auc": np.sum(yes * (below + no / 2)) / (no.sum() * yes.sum()),
        "brier_score": np.sum(weights * grid * (1 - grid)), "calibration_gap": 0,
        "calibration_intercept": 0, "calibration_slope": 1, "calibration_error_squared": 0,
        "log_loss": -np.sum(weights * (grid * np.log(grid) + (1 - grid) * np.log(1 - grid))),
    }  # fmt: skip
    truth |= _agreement(np.array([[tn, fn], [fp, tp]]))
    truth |= {name: 0 for name in BINARY if name.endswith("_decay")}
    return found, {name: float(value) for name, value in truth.items()}


def _agreement(p: np.ndarray) -> dict[str, float]:
    """Of the shares by decision and label."""
    decided, labelled, right = p.sum(axis=1), p.sum(axis=0), np.trace(p)
    chance = decided @ labelled
    spread = np.sqrt((1 - decided @ decided) * (1 - labelled @ labelled))
    return {
        "matthews": float((right - chance) / spread),
        "cohens_kappa": float((right - chance) / (1 - chance)),
        "balanced_accuracy": float(np.mean(np.diag(p) / labelled)),
    }


def _labelled(rng: np.random.Generator, field, grid: np.ndarray, weights: np.ndarray, size: int) -> Ints:
    drawn = rng.multinomial(size, weights, size=WINDOWS)
    ones = rng.binomial(drawn, grid)
    both = np.stack([drawn - ones, ones], axis=2)
    cells = np.zeros((WINDOWS, field.cells, 2), np.int64)
    cells[:, np.searchsorted(field.edges, grid)] = both
    decided = grid >= 0.5
    confusion = np.stack([both[:, ~decided].sum(axis=1), both[:, decided].sum(axis=1)], axis=1)
    place = np.clip(np.ceil(grid * 10).astype(int) - 1, 0, 9)
    block = np.zeros((WINDOWS, 6, 10), np.int64)
    fixed = [
        np.rint(each * 1e6).astype(np.int64)
        for each in (grid, grid**2, grid, (1 - 2 * grid) ** 2 * grid * (1 - grid))
    ]
    rows = (drawn, ones, drawn * fixed[0], drawn * fixed[1], ones * fixed[2], drawn * fixed[3])
    for row, amounts in enumerate(rows):
        np.add.at(block, (slice(None), row, place), amounts)
    return np.hstack([confusion.reshape(WINDOWS, -1), cells.reshape(WINDOWS, -1), block.reshape(WINDOWS, -1)])


def _regression(rng: np.random.Generator, n: int) -> tuple[dict[str, Estimate], dict[str, float]]:
    part = c.labels_part(residuals=(7,))
    sides = [np.stack([_residuals(rng, size) for _ in range(WINDOWS)]) for size in (2_000, n)]
    layout = c.layout(Task.REGRESSION, part, rows=WINDOWS)
    found = dict(read(c.pair_of(part, *sides, layout=layout)))
    # Errors are normal with mean 0.2 and deviation 1: E|e| by hand of the folded normal distribution.
    mae = float(np.sqrt(2 / np.pi) * np.exp(-0.02) + 0.2 * 0.1585194)
    return found, {
        "mae": mae,
        "rmse": float(np.sqrt(1.04)),
        "bias": 0.2,
        "mae_decay": 0,
        "rmse_decay": 0,
        "bias_decay": 0,
    }


def _residuals(rng: np.random.Generator, n: int) -> Ints:
    labels = rng.normal(size=n)
    return c.residual_block(labels + rng.normal(0.2, 1, n), labels, 1.0)


World = tuple[dict[str, Estimate], dict[str, float]]


def _quality(rng: np.random.Generator, n: int) -> World:
    """Shares of one field each, and Poisson events in a window of an hour against ten times as long a reference."""
    category = c.categorical("category", 0, ["a", "b"])
    number = c.numeric("number", category.stop, rng.random(20_000), cells=4)
    part = c.fields_part(category, number)
    chances = {"missing_share": 0.1, "invalid_share": 0.05, "unseen_share": 0.08}
    of_category = [0.5, 0.27, 0.08, 0.1, 0.05]
    inside = number.cells - 2
    of_number = [0.02, *[0.95 / inside] * inside, 0.03, 0.0, 0.0]
    sizes = rng.poisson(n, size=WINDOWS)
    drawn = [rng.multinomial(sizes, shares) for shares in (of_category, of_number)]
    past = [rng.multinomial(rng.poisson(10 * n, size=WINDOWS), shares) for shares in (of_category, of_number)]
    pair = c.pair_of(part, np.hstack(past), np.hstack(drawn), reference_span_ms=10 * c.HOUR_MS)
    return dict(read(pair)), {**chances, "event_ratio": 1.0, "out_of_range_share": 0.05}


def _multiclass(rng: np.random.Generator, n: int) -> World:
    p = np.array([[0.4, 0.04, 0.02], [0.05, 0.25, 0.03], [0.02, 0.03, 0.16]])
    part = c.labels_part(confusion=(3, 3))
    sides = [rng.multinomial(size, p.ravel(), size=WINDOWS) for size in (REFERENCE, n)]
    layout = c.layout(Task.MULTICLASS, part, rows=WINDOWS, classes="abc")
    right, decided, labelled = np.diag(p), p.sum(axis=1), p.sum(axis=0)
    truth = {
        "macro_f1": np.mean(2 * right / (decided + labelled)), "macro_precision": np.mean(right / decided),
        "macro_recall": np.mean(right / labelled), "macro_f1_decay": 0.0,
    }  # fmt: skip
    return dict(read(c.pair_of(part, *sides, layout=layout))), {k: float(v) for k, v in truth.items()}


def _strata(rng: np.random.Generator, n: int) -> World:
    """Labels come for every second prediction of one stratum and every tenth of another."""
    accuracy, shares = np.array([0.95, 0.8, 0.7, 0.9]), [0.4, 0.2, 0.2, 0.2]
    part = c.labels_part(strata=(2, 2, 2))
    predicted = rng.multinomial(4 * n, shares, size=WINDOWS)
    labels = rng.binomial(predicted, [0.5, 0.1, 0.2, 0.4])
    counts = np.stack([labels, rng.binomial(labels, 1 - accuracy)], axis=2).reshape(WINDOWS, -1)
    layout = c.layout(Task.BINARY, part, rows=WINDOWS)
    pair = c.pair_of(part, counts, counts, layout=layout, strata=predicted.reshape(WINDOWS, 2, 2))
    return dict(read(pair)), {"accuracy_post_stratified": float(np.sum(accuracy * shares))}


def _estimates(rng: np.random.Generator, n: int) -> World:
    """The curve from one reference of 20 000 labels; the truth of a window is the realised accuracy of its own labels."""
    edges = np.linspace(0.05, 0.95, 19)
    score = c.edged(
        "score", 0, np.linspace(0, 1, 101), [*edges[:9], float(np.nextafter(0.5, 0)), *edges[10:]]
    )
    middle = np.linspace(0.025, 0.975, 20)
    decided = (middle > 0.5).astype(int)

    def labelled(size: int, windows: int) -> np.ndarray:
        drawn = rng.multinomial(size, np.full(20, 0.05), size=windows)
        ones = rng.binomial(drawn, middle**1.5)
        return np.stack([drawn - ones, ones], axis=2)

    past, now = labelled(REFERENCE, 1), labelled(n, WINDOWS)
    labels = c.labels_part(score_label=(20, 2), strata=(20, 2, 2))
    part = c.fields_part(score)
    layout = c.layout(Task.BINARY, part, labels, rows=WINDOWS)

    def counts(both: np.ndarray) -> np.ndarray:
        wrong = both[:, np.arange(20), 1 - decided]
        strata = np.zeros((len(both), 20, 2, 2), np.int64)
        strata[:, np.arange(20), decided, 0], strata[:, np.arange(20), decided, 1] = both.sum(axis=2), wrong
        return np.hstack([both.reshape(len(both), -1), strata.reshape(len(both), -1)])

    reference = np.repeat(counts(past), WINDOWS, axis=0)
    zeros = np.zeros((WINDOWS, 2), np.int64)
    cells = np.hstack([now.sum(axis=2), zeros])
    found = dict(read(c.pair_of(part, cells, cells, layout=layout, labelled=reference)))
    found |= read(c.pair_of(labels, reference, counts(now), layout=layout))
    realised = now[:, np.arange(20), decided].sum(axis=1) / n
    return found, {"estimated_accuracy": realised, "estimated_accuracy_error": 0.0}  # type: ignore[dict-item]


def _aged(rng: np.random.Generator, n: int) -> World:
    """Slow labels are worse ones; the window has more of them than the reference had."""
    error = np.array([0.05, 0.1, 0.3])
    part = c.labels_part(ages=(3, 2))

    def counts(size: int, mix: list[float]) -> np.ndarray:
        labels = rng.multinomial(size, mix, size=WINDOWS)
        return np.stack([labels, rng.binomial(labels, error)], axis=2).reshape(WINDOWS, -1)

    layout = c.layout(Task.BINARY, part, rows=WINDOWS)
    pair = c.pair_of(part, counts(REFERENCE, [0.6, 0.3, 0.1]), counts(n, [0.3, 0.3, 0.4]), layout=layout)
    return dict(read(pair)), {"accuracy_decay_age_matched": 0.0}


def _split(rng: np.random.Generator, n: int) -> dict[str, float]:
    """Three slices, two of them worse than in the reference, and another mix."""
    then, now = np.array([0.9, 0.8, 0.7]), np.array([0.9, 0.75, 0.68])
    weights, mixed = np.array([0.5, 0.3, 0.2]), np.array([0.3, 0.3, 0.4])
    truth = {"within": np.sum(weights * (then - now)), "mix": np.sum((weights - mixed) * now)}
    held = dict.fromkeys(truth, 0)
    for _ in range(WINDOWS):
        sides = []
        for size, shares, accuracy in ((REFERENCE, weights, then), (n, mixed, now)):
            trials = rng.multinomial(size, shares)
            sides.append(Share(rng.binomial(trials, accuracy), trials))
        found = split(*sides, 0.95)
        for name, value in truth.items():
            part = getattr(found, name)
            held[name] += bool(part.lower <= value <= part.upper)
    return {name: count / WINDOWS for name, count in held.items()}


def page() -> str:
    head = "".join(f" N = {n:,} |" for n in SIZES)
    lines = [f"| statistic | what |{head}", "|---|---|" + "---|" * len(SIZES)]
    for name, what, found in rates():
        shown = "".join(" – |" if np.isnan(rate) else f" {100 * rate:.1f} % |" for rate in found)
        lines.append(f"| `{name}` | {what} |{shown}")
    return f"{INTRODUCTION}\n" + "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(page())
