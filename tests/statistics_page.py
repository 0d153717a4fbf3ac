"""docs/statistics.md from the catalogue and a replay of the car loan: `python -m tests.statistics_page > docs/statistics.md`."""

from __future__ import annotations

import json
import sys
import tempfile
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from driftwatch.cli.program import run
from driftwatch.drift.catalogue import CATALOGUE
from driftwatch.drift.statistic import Kind, Statistic

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT.parent / "shared" / "data"
SHOWN = ("car_value", "salary_range", "")
"""Whose values are shown: the first of these features that a statistic has."""
CUT = {"loan_length": {"scheme": "deciles"}, "debt_to_income_ratio": {"scheme": "doane"}}
OTHER = {"psi_classic": "loan_length", "js_nannyml": "debt_to_income_ratio"}
TITLES = {
    Kind.INPUT: "Distributions of features, score and decision",
    Kind.SCORE: "Scores",
    Kind.PERFORMANCE: "Performance and its decay",
    Kind.CALIBRATION: "Calibration",
    Kind.QUALITY: "Data quality",
    Kind.ESTIMATE: "Estimates without labels",
}
BARS = "▁▂▃▄▅▆▇█"
Windows = Mapping[tuple[str, str], Sequence[float | None]]
"""(statistic, feature) -> the values of the ten windows in the slice `all`."""

INTRODUCTION = """\
# Statistics

Every number that driftwatch can compute, under the name that rules, files and metrics use. This page is made from the
catalogue in the code and a replay of a car loan model (`python -m tests.statistics_page > docs/statistics.md`); a test compares
them. How often the intervals and p-values are right is in [statistics-coverage.md](statistics-coverage.md).

- All are pure functions of counts: of the reference (p: share of a cell, M events) and of a window (q, N events), for all
  slices and features at once. F and G are distribution functions, B a number of cells, σ_ref the reference's deviation.
- **Not enough data is no number.** Such a statistic has no value, and the verdict is `insufficient`.
- **Default ones** are computed unasked. The others are switched on by `statistics: {also: [NAME, …]}` (or `[all]`), and
  by any rule that names them.
- **Limits**: with `…_lower` and `…_upper` a statistic says how far it can be trusted. For a share or a mean that is a 95 %
  interval (`statistics.confidence`), for a number known only up to its cells the grid's error.
- **Labels in clumps** (a batch of one customer, a nightly file) say less than their number. Where the reference's label panes show clearly that
  errors come in clumps of φ, the intervals of performance and calibration are those of N/φ labels (φ up to 12). p-values are not changed.
- **p-values answer one look.** Looked at again and again each falls below any limit; that is what a false-alert budget is for.
- **Other tools' definitions** are in `statistics: {variants: {psi: classic}}`; a field must be cut for them (`cells.fields`). PSI
  of Evidently and frouros and Jensen–Shannon of Evidently cut reference and window together, which no counts can give: they are
  functions on raw values in `driftwatch/drift/raw.py`.
- Regression has no estimate without labels: that needs a model of how errors depend on all inputs together, and counts by
  field do not hold it.
- **Multiclass models** whose records carry every class's score (`predictions: {class_scores: {cat: scores.cat, …}}`) have each class's own score
  held against the rest, as if it were a binary model: `class_…`, a number for each class with `score[cat]` as its field, and all of them on demand,
  for there are as many as classes. What follows for the whole model is there unasked: `classwise_calibration_error`, `multiclass_brier_score`, `macro_auc`.
  So are, on demand, `multiclass_log_loss` and recall, F1, specificity and AUC estimated without labels (`estimated_…_macro`, `estimated_class_…`).
- **Counts by class do not hold how the scores of one event go together.** Limits of what is made of several classes are therefore those
  of the classes added up or averaged: they hold more often than they say. And the estimates leave out NannyML's last step, which divides the calibrated
  probabilities of each event by their sum; in the comparison in [statistics-peers.md](statistics-peers.md) that, and cells instead of raw scores, moves a macro average by at most 0.002.
- Without `class_scores` calibration of a multiclass model is of the decided class (top label), over all and class by class, and accuracy and macro
  precision alone are estimated without labels. The reliability diagrams with their intervals are on `/api/v1/reliability`, those of the classes' own scores
  with `class_score`; by decided class the share of right decisions is to be held against the ends of its score cell.

## What no single feature shows: multivariate fields

Features can change together while each looks as ever: two that rose together now move apart. `multivariate` makes
numbers of several numeric features of one stream, event by event; from then on they are numeric fields like any other, with every
statistic on this page, rules, evidence and metrics:

    multivariate:
      together: {kind: mahalanobis, fields: [age, income, debt]}
      leftover: {kind: pca_residual, fields: [age, income, debt]}
      along: {kind: projections, fields: [age, income, debt], projections: 16}

- `mahalanobis`: (x−μ)ᵀΣ⁻¹(x−μ), the squared distance from the reference's centre μ in its own covariance Σ (Mahalanobis 1936).
  The first to take: it sees broken correlations, and single events that are strange in their combination. Fields that are
  linearly dependent have no Σ⁻¹, and `reference build` names two of them.
- `pca_residual`: the length of what the main principal components of the standardised features leave over. The components kept are the
  fewest that explain 65 % of the variance (`explained`; NannyML's default for its reconstruction error). It sees correlations that break,
  also of dependent fields; a change along the kept components it does not see.
- `projections`: `along_1` … `along_16`, the standardised features along fixed random directions (the same in every reference).
  They see a joint shift, or another spread, too small in each feature; a single broken correlation shows only in the directions that lie well.

The map is fitted on one half of the reference's events, and the reference counts of these fields are those of the other half: in-sample
numbers alone would show drift where there is none. A bit of the mixed hash of the event's id decides, without ids that of its offset.
So M is about half as large for them, and `reference build` needs ten complete events per field in the half that it fits on. The map is part of the
reference file (format 3) and of its layout's hash; live events only meet its numbers. An event that lacks one of the features, or has an
invalid one, has no value: it counts as missing. **They lie** where a fit on little data meets many fields: take those that belong together.

An **embedding**, a list of 2 to 4 096 numbers in one field, is named by its path instead of `fields`:

    multivariate:
      meaning: {kind: mahalanobis, embedding: features.vector}

- `mahalanobis` is measured in the first 32 principal components (`components`; all of them where the list is not longer): with hundreds of
  coordinates the inverse of a sample covariance is mostly noise (Ledoit, Wolf 2004), and Rabanser, Günnemann and Lipton (2019), too,
  reduce before they test. `pca_residual` leaves out the fewest components that explain 65 %, at most 32. Coordinates are centred and not
  standardised, for they share one unit; so dead and dependent ones do no harm.
- The list is as long as most lists of the reference are. The map is fitted on up to 4 million numbers of the one half (5 000 lists of 768), at
  least ten lists per component, and needs file format 4. While a batch is decoded each list becomes the few numbers that references
  make of it; only these wait, are buffered and are counted.
- The embedding has a field of its own, `features.vector`: a category for its length. A list of another length is *unseen*
  (`unseen_share`), what is no list of finite numbers *invalid*, null or absent *missing*. In the fields made of it, both of the former are invalid.
  The text of a list, as CSV files and pgvector have it (`"[0.1, 0.2]"`), is read as the list.
- It **lies** where the change is in the directions that were left out (take `pca_residual` beside `mahalanobis`), or where the lists turn
  within a distribution that is equal in all directions: then only `projections` may see it. Every version's reference has a map of its own, and each
  event is reduced by all that are loaded.

## The example

The numbers below are of NannyML's synthetic car loan: windows of 5 000 predictions, drift from the sixth on. The small pictures show all ten.
"""


def page(windows: Windows) -> str:
    """The whole page as Markdown."""
    parts = [INTRODUCTION]
    for kind in Kind:
        found = [statistic for statistic in CATALOGUE if statistic.kind is kind]
        if found:
            parts += [f"## {TITLES[kind]}\n", *(f"{told(each)}{example(each, windows)}\n" for each in found)]
    return "\n".join(parts)


def told(statistic: Statistic) -> str:
    """What the catalogue says of one statistic."""
    low, high = (
        f"{limit:g}" if limit is not None else sign
        for limit, sign in ((statistic.low, "−∞"), (statistic.high, "∞"))
    )
    unit = "" if statistic.unit == "1" else f", {statistic.unit}"
    tasks = sorted(statistic.needs.tasks)
    for_ = "" if len(tasks) == 3 else f" · {', '.join(tasks)}"
    on = "default" if statistic.default else "on demand"
    limits = " · with limits" if statistic.interval else ""
    return (
        f"### {statistic.name}\n\n{statistic.summary}\n\n    {statistic.formula}\n\n"
        f"{on}{for_} · {low} to {high}{unit} · worse: {statistic.worse}{limits}\n\n"
        f"- **Use**: {statistic.use}\n- **It lies**: {statistic.lies}\n- **Source**: {statistic.source}\n"
    )


def example(statistic: Statistic, windows: Windows) -> str:
    """Its values at windows 1 and 6 of the car loan, and a picture of all ten."""
    for feature in (OTHER.get(statistic.name, ""), *SHOWN):
        values = windows.get((statistic.name, feature))
        if values and any(value is not None for value in values):
            of = f" of {feature}" if feature else ""
            return f"- **Car loan**{of}: {number(values[0])} in window 1, {number(values[5])} in window 6 `{picture(values)}`\n"
    return "- **Car loan**: no value, it has no such labels, fields or ages\n"


def number(value: float | None) -> str:
    return "insufficient" if value is None else f"{value:.4g}".replace("-", "−")


def picture(values: Sequence[float | None]) -> str:
    """A bar per window, from the least to the largest."""
    known = [value for value in values if value is not None]
    low, high = min(known), max(known)
    steps = len(BARS) - 1
    return "".join(
        "·" if value is None else BARS[round((value - low) / (high - low) * steps) if high > low else 0]
        for value in values
    )


def replayed(folder: Path) -> list[dict[str, Any]]:
    """Every row of a replay with all statistics switched on; `folder` is for its files."""
    config = yaml.safe_load((ROOT / "deploy" / "examples" / "car-loan.yaml").read_text("utf-8"))
    config["models"][0] |= {"statistics": {"also": ["all"]}, "cells": {"fields": CUT}}
    path, out = folder / "car-loan.yaml", folder / "statistics.ndjson"
    path.write_text(yaml.safe_dump(config, sort_keys=False), "utf-8")
    assert (
        run(["reference", "build", "-c", str(path), str(DATA / "car_loan_reference.csv.gz"), "--json"]) == 0
    )
    given = [f"predictions={DATA / 'car_loan_analysis.csv.gz'}", f"labels={DATA / 'car_loan_labels.csv.gz'}"]
    assert run(["replay", "-c", str(path), *given, "--statistics", str(out), "--json"]) == 0
    return [json.loads(line) for line in out.read_text("utf-8").splitlines()]


def windows_of(rows: Sequence[Mapping[str, Any]]) -> Windows:
    made: dict[tuple[str, str], list[float | None]] = defaultdict(list)
    for row in rows:
        if row["slice"] == "all":
            made[row["statistic"], row["feature"]].append(row["value"])
    return made


if __name__ == "__main__":
    stdout, sys.stdout = sys.stdout, sys.stderr
    with tempfile.TemporaryDirectory() as name:
        text = page(windows_of(replayed(Path(name))))
    stdout.write(text)
