"""Small random worlds: a pair of every part and task, with slices that are empty, tiny and ordinary."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from driftwatch.drift.reading import Ints, Pair
from driftwatch.events.classes import Stream
from driftwatch.summaries.layout import (
    CLASS_DECIDED,
    FIXED_POINT,
    RESIDUAL_EDGES,
    SCORE_DECISION,
    Block,
    Field,
    Part,
    Task,
)
from tests.drift import counting as c

BESIDE = ("predicted", "labelled", "strata")
SIZES = (0, 1, 3, 40, 300, 900)
CATEGORIES = ("a", "b", "c")
CLASSES = 4


def fields() -> tuple[Field, ...]:
    """Skewed, constant, tied and categorical fields, of different numbers of cells."""
    rng = np.random.default_rng(1)
    first = c.numeric("income", 0, rng.lognormal(size=2_000))
    second = c.numeric("flag", first.stop, np.ones(50))
    third = c.exact("grade", second.stop, rng.integers(1, 6, 500).astype(float))
    fourth = c.categorical("country", third.stop, CATEGORIES)
    return first, second, third, fourth


def inputs(seed: int) -> Pair:
    rng = np.random.default_rng(seed)
    part = c.fields_part(*fields())
    made = [np.stack([_inputs(rng, part, int(n)) for n in rng.permutation(SIZES)]) for _ in range(2)]
    return c.pair_of(part, *made)


def _inputs(rng: np.random.Generator, part: Part, n: int) -> Ints:
    shift = rng.choice([0.0, 0.3])
    income = np.where(rng.random(n) < 0.05, np.nan, rng.lognormal(shift, size=n))
    grade = np.where(rng.random(n) < 0.05, np.inf, rng.integers(0, 7, n).astype(float))
    countries = [str(text) for text in rng.choice(["a", "b", "c", "new"], n)]
    columns = [income, np.ones(n), grade]
    counts = [c.count_numeric(f, x) for f, x in zip(part.fields, columns, strict=False)]
    return np.concatenate([*counts, c.count_texts(part.fields[3], countries)])


def binary(seed: int) -> Pair:
    score = c.numeric("score", 0, np.round(np.random.default_rng(2).random(2_000), 2), cells=16)
    groups = max(score.groups) + 1
    part = c.labels_part(
        confusion=(2, 2), score_label=(score.cells, 2), calibration=(6, 10),
        calibration_mass=(6, groups), strata=(groups, 2, 2), ages=(3, 2), quality=(3,),
    )  # fmt: skip
    rng = np.random.default_rng(seed)
    made = [np.stack([_binary(rng, score, int(n)) for n in rng.permutation(SIZES)]) for _ in range(2)]
    layout = c.layout(Task.BINARY, c.fields_part(score), part, rows=len(SIZES))
    strata = rng.integers(0, 50, (len(SIZES), groups, 2))
    return c.pair_of(part, *made, layout=layout, predicted=rng.integers(0, 1_000, len(SIZES)), strata=strata)


def _binary(rng: np.random.Generator, score: Field, n: int) -> Ints:
    p = np.round(rng.random(n), 2)
    y = (rng.random(n) < p).astype(int)
    decided = (p >= 0.5).astype(int)
    blocks = [
        c.confusion_block(decided, y, 2),
        c.score_label_block(score, p, y),
        c.calibration_block(p, y.astype(float), 10),
        c.mass_block(score, p, y.astype(float)),
        c.strata_block(score, p, decided, y, 2),
        c.age_block(rng, decided != y),
        np.array([0, 0, n]),
    ]
    return np.concatenate([block.ravel() for block in blocks])


def scored(seed: int, *, mapped: bool = False) -> Pair:
    """The predictions of a binary model with labels, its decisions by the threshold or mapped."""
    score = c.edged("score", 0, np.linspace(0, 1, 101), [0.1, 0.3, np.nextafter(0.5, 0), 0.7, 0.9])
    decision = c.categorical("decision", score.stop, ["0", "1"])
    block = Block(SCORE_DECISION, decision.stop, (score.cells + 1, 2))
    fields = (score, decision)
    part = Part(Stream.PREDICTIONS, fields, (block,) * mapped, block.stop if mapped else decision.stop)
    labels = c.labels_part(score_label=(score.cells, 2), calibration_mass=(6, score.cells))
    rng = np.random.default_rng(seed)
    made = [np.stack([_scored(rng, part, int(n)) for n in rng.permutation(SIZES)]) for _ in range(2)]
    p = rng.random((len(SIZES), 600))
    known = [c.score_label_block(score, each, (rng.random(600) < each).astype(float)).ravel() for each in p]
    labelled = np.hstack([np.stack(known), np.zeros((len(SIZES), 6 * score.cells), np.int64)])
    layout = c.layout(Task.BINARY, part, labels, rows=len(SIZES))
    return c.pair_of(part, *made, layout=layout, labelled=labelled)


def mapped(seed: int) -> Pair:
    return scored(seed, mapped=True)


def _scored(rng: np.random.Generator, part: Part, n: int) -> Ints:
    p = rng.random(n)
    decided = (p >= 0.5).astype(int)
    score = part.fields[0]
    texts = [str(d) for d in decided]
    counts = [c.count_numeric(score, p), c.count_texts(part.fields[1], texts)]
    if part.blocks:
        joint = np.zeros(part.blocks[0].shape, np.int64)
        np.add.at(joint, (np.searchsorted(score.edges, p), decided), 1)
        counts.append(joint.ravel())
    return np.concatenate(counts)


def multiclass(seed: int) -> Pair:
    score = _class_score()
    groups = max(score.groups) + 1
    part = c.labels_part(
        confusion=(CLASSES, CLASSES), calibration=(6, 10), calibration_mass=(6, groups),
        strata=(groups, CLASSES, 2), ages=(3, 2), quality=(3,),
    )  # fmt: skip
    rng = np.random.default_rng(seed)
    made = [np.stack([_multiclass(rng, int(n)) for n in rng.permutation(SIZES)]) for _ in range(2)]
    layout = c.layout(Task.MULTICLASS, c.fields_part(score), part, rows=len(SIZES), classes="abc_")
    strata = rng.integers(0, 20, (len(SIZES), groups, CLASSES))
    return c.pair_of(part, *made, layout=layout, predicted=rng.integers(0, 1_000, len(SIZES)), strata=strata)


def decided(seed: int) -> Pair:
    """The predictions of a multiclass model with labels."""
    score = _class_score()
    groups = max(score.groups) + 1
    decision = c.categorical("decision", score.stop, ["a", "b", "c"])
    block = Block(SCORE_DECISION, decision.stop, (groups + 1, CLASSES))
    part = Part(Stream.PREDICTIONS, (score, decision), (block,), block.stop)
    labels = c.labels_part(strata=(groups, CLASSES, 2))
    rng = np.random.default_rng(seed)
    made = [np.stack([_decided(rng, part, int(n)) for n in rng.permutation(SIZES)]) for _ in range(2)]
    says, turns_out = rng.integers(0, CLASSES - 1, (2, 3_000))
    turns_out = np.where(rng.random(3_000) < 0.6, says, turns_out)
    known = c.strata_block(score, rng.uniform(0.3, 1, 3_000), says, turns_out, CLASSES).reshape(1, -1)
    layout = c.layout(Task.MULTICLASS, part, labels, rows=len(SIZES), classes="abc_")
    return c.pair_of(part, *made, layout=layout, labelled=np.repeat(known, len(SIZES), axis=0))


def _decided(rng: np.random.Generator, part: Part, n: int) -> Ints:
    p, says, (score, decision) = rng.uniform(0.3, 1, n), rng.integers(0, CLASSES - 1, n), part.fields
    joint = np.zeros(part.blocks[0].shape, np.int64)
    np.add.at(joint, (np.array(score.groups)[np.searchsorted(score.edges, p)], says), 1)
    texts = ["abc"[each] for each in says]
    return np.concatenate([c.count_numeric(score, p), c.count_texts(decision, texts), joint.ravel()])


def _own(rng: np.random.Generator, n: int) -> tuple[np.ndarray, Ints, Ints]:
    """Scores of three classes that sum to 1, some of them missing; decisions and labels, some of a fourth class."""
    scores = np.round(rng.dirichlet((1.5, 1.0, 0.4), n), 2)
    decided = scores.argmax(axis=1)
    labels = np.where(rng.random(n) < 0.6, decided, rng.integers(0, CLASSES, n))
    return np.where(rng.random((n, 3)) < 0.03, np.nan, scores), decided, labels


def _own_fields() -> tuple[Field, ...]:
    """Of different numbers of cells."""
    scores = np.random.default_rng(2).dirichlet((1.5, 1.0, 0.4), 2_000)
    return c.class_score_fields(0, np.round(scores, 2) * [1, 1, 0.2], "abc")


def own_scores(seed: int) -> Pair:
    """The labels of a multiclass model with a score for every class."""
    fields = _own_fields()
    part = c.class_labels_part(fields, confusion=(CLASSES, CLASSES))
    rng = np.random.default_rng(seed)

    def counts(n: int) -> Ints:
        scores, decided, labels = _own(rng, n)
        confusion = c.confusion_block(decided, labels, CLASSES)
        return np.concatenate([c.class_counts(fields, scores, decided, labels), confusion.ravel()])

    made = [np.stack([counts(int(n)) for n in rng.permutation(SIZES)]) for _ in range(2)]
    layout = c.layout(Task.MULTICLASS, c.fields_part(*fields), part, rows=len(SIZES), classes="abc_")
    return c.pair_of(part, *made, layout=layout)


def own_decided(seed: int) -> Pair:
    """Its predictions."""
    fields = _own_fields()
    labels = c.class_labels_part(fields)
    decided = Block(CLASS_DECIDED, fields[-1].stop, (3, max(field.cells for field in fields) + 1, 2))
    part = Part(Stream.PREDICTIONS, fields, (decided,), decided.stop, scored=labels.scored)
    rng = np.random.default_rng(seed)

    def counts(n: int) -> Ints:
        scores, says, _ = _own(rng, n)
        cells = [c.count_numeric(field, scores[:, k]) for k, field in enumerate(fields)]
        return np.concatenate([*cells, c.class_decided_block(fields, scores, says).ravel()])

    made = [np.stack([counts(int(n)) for n in rng.permutation(SIZES)]) for _ in range(2)]
    known = [c.class_counts(fields, *_own(rng, 600)) for _ in SIZES]
    layout = c.layout(Task.MULTICLASS, part, labels, rows=len(SIZES), classes="abc_")
    return c.pair_of(part, *made, layout=layout, labelled=np.stack(known))


def _class_score() -> Field:
    return c.numeric("score", 0, np.random.default_rng(2).uniform(0.3, 1, 2_000), cells=16)


def _multiclass(rng: np.random.Generator, n: int) -> Ints:
    decided, labels = rng.integers(0, CLASSES - 1, (2, n))
    labels = np.where(rng.random(n) < 0.6, decided, labels)
    p, right = rng.uniform(0.3, 1, n), (decided == labels).astype(float)
    blocks = [
        c.confusion_block(decided, labels, CLASSES),
        c.calibration_block(p, right, 10),
        c.mass_block(_class_score(), p, right),
        c.strata_block(_class_score(), p, decided, labels, CLASSES),
        c.age_block(rng, decided != labels),
        np.array([0, 0, n]),
    ]
    return np.concatenate([block.ravel() for block in blocks])


def regression(seed: int) -> Pair:
    part = c.labels_part(residuals=(7,), residual_cells=(16,), ages=(3, 2), quality=(3,))
    rng = np.random.default_rng(seed)
    made = [np.stack([_regression(rng, int(n)) for n in rng.permutation(SIZES)]) for _ in range(2)]
    layout = c.layout(Task.REGRESSION, part, rows=len(SIZES), scale=12.5)
    return c.pair_of(part, *made, layout=layout, predicted=rng.integers(0, 1_000, len(SIZES)))


def _regression(rng: np.random.Generator, n: int) -> Ints:
    labels = rng.normal(50, 12, n)
    predicted = labels + rng.normal(0.5, 4, n)
    cells = np.bincount(np.searchsorted(RESIDUAL_EDGES, (predicted - labels) / 12.5), minlength=16)
    sizes = np.rint(np.abs(predicted - labels) / 12.5 * FIXED_POINT).astype(np.int64)
    ages = c.age_block(rng, sizes)
    return np.array([*c.residual_block(predicted, labels, 12.5), *cells, *ages.ravel(), 0, 0, n])


WORLDS = {
    "inputs": inputs, "scored": scored, "mapped": mapped, "decided": decided,
    "binary": binary, "multiclass": multiclass, "regression": regression,
    "own_scores": own_scores, "own_decided": own_decided,
}  # fmt: skip


def rows_of(pair: Pair, rows: list[int]) -> Pair:
    """The same pair with only these slice rows, in this order."""
    return replace(
        pair, reference=pair.reference[rows], current=pair.current[rows],
        **{name: _map(pair, name, lambda counts: counts[rows]) for name in BESIDE},
    )  # fmt: skip


def same(pair: Pair) -> Pair:
    """The reference compared with itself."""
    return replace(pair, current=pair.reference)


def blank(pair: Pair, stream: Stream) -> Pair:
    """The same pair without any event."""
    assert pair.part.stream is stream
    none = np.zeros_like(pair.reference)
    return replace(
        pair, reference=none, current=none, **{name: _map(pair, name, np.zeros_like) for name in BESIDE}
    )


def _map(pair: Pair, name: str, change: Callable[[Ints], Ints]) -> Ints | None:
    counts = getattr(pair, name)
    return None if counts is None else change(counts)
