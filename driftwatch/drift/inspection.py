"""What is wrong with the data of one pane: counts against the reference, and a look at a few records, as typed reasons."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from driftwatch.drift.reading import Floats, Ints
from driftwatch.drift.reasons import Issue, Reason
from driftwatch.events.sampling import NOTHING, NUMBER, STRUCTURE, Looked, Value
from driftwatch.summaries.layout import DECISION, OTHER, Field, FieldKind, Part

HALF: Final = 0.5
RISE: Final = 0.1
"""A share this much above the reference's is named."""
LOOKED_MIN: Final = 8
"""Fewer records looked at say nothing of fields and types."""
CHANCE: Final = 1e-12
"""A column is constant when the reference gives such a pane a smaller chance than this."""
APART: Final = 0.6
"""Kolmogorov's D between the values looked at and the reference, from which a unit is suspected."""
FACTORS: Final = (10.0, 100.0, 1e3, 1e6, 1e9, 60.0, 3600.0, 0.1, 0.01, 1e-3, 1e-6, 1e-9, 1 / 60, 1 / 3600)
"""Per cent, thousands, milli- and microseconds, minutes and hours, and back."""
FIT: Final = 1.36
"""Kolmogorov's one-sample limit at 5 %, times √n: so near must values lie once they are divided by a factor."""
NEW_MAX: Final = 20
"""New fields that are named."""
REPEATED: Final = (0.05, 20)
"""Share and number of repeated ids in a pane from which they are named."""
CONFLICTED: Final = (0.01, 5)
"""The same for contradicting labels."""


@dataclass(frozen=True, slots=True)
class Repeats:
    """Records of a pane by what became of them: first ones, repetitions, contradictions, and one of the latter two."""

    accepted: int = 0
    duplicates: int = 0
    conflicts: int = 0
    example: str = ""


@dataclass(frozen=True, slots=True)
class Rate:
    """Events in the quietest and busiest whole pane of the reference, scaled to the pane's width."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Pane:
    """One closed pane of one stream: row 0 (all traffic) of both sides, and the records that were looked at."""

    part: Part
    reference: Ints
    """int64[columns]"""
    current: Ints
    """int64[columns]"""
    events: int
    looked: Sequence[Looked] = ()
    known: frozenset[str] | None = None
    """Fields that the reference's records had beside those that are read; None where it does not say."""
    repeats: Repeats = Repeats()
    rate: Rate | None = None


def inspect(pane: Pane, min_events: int) -> tuple[Issue, ...]:
    """Everything that is wrong with a pane, in the order of the reasons; nothing where it has too few events."""
    found = [*_rate(pane)] if pane.rate is not None else []
    if pane.events + pane.repeats.duplicates + pane.repeats.conflicts >= min_events:
        found += _repeated(pane)
    if pane.events >= min_events and len(pane.looked) >= LOOKED_MIN:
        new = _new_fields(pane)
        for field in pane.part.own:  # what is wrong with a derived field is wrong with its inputs
            found += _of_field(pane, field, new)
        found += [
            Issue(Reason.NEW_FIELD, name, share, n, example.shown)
            for name, (share, n, example) in new.items()
        ]
    order = list(Reason)
    return tuple(sorted(found, key=lambda issue: (order.index(issue.reason), -issue.share, issue.field)))


_New = dict[str, tuple[float, int, Value]]


def _new_fields(pane: Pane) -> _New:
    """Fields in at least half of the records looked at that the reference did not know: share, records, example."""
    if pane.known is None:
        return {}
    found: _New = {}
    names = sorted({name for looked in pane.looked for name in looked.unread} - pane.known)
    for name in names:
        values = [v for looked in pane.looked if (v := looked.unread.get(name)) is not None]
        if len(values) >= HALF * len(pane.looked) and len(found) < NEW_MAX:
            found[name] = (len(values) / len(pane.looked), len(pane.looked), values[0])
    return found


def _of_field(pane: Pane, field: Field, new: _New) -> Iterator[Issue]:
    """What is wrong with one field: of several reasons the one that says most."""
    if field.name == DECISION:  # made of the score, or mapped: it has no values of its own
        return
    events, past = pane.events, max(int(pane.reference[field.start : field.stop].sum()), 1)
    missing, invalid = int(pane.current[field.missing]), int(pane.current[field.invalid])
    past_missing, past_invalid = pane.reference[field.missing] / past, pane.reference[field.invalid] / past
    values = [looked.read[field.name] for looked in pane.looked if field.name in looked.read]
    if missing == events and past_missing <= HALF and all(value.type == NOTHING for value in values):
        yield _gone(pane, field, new)
        return
    wrong = _wrong_types(field, values)
    counted = field.kind is FieldKind.CATEGORICAL or (invalid >= HALF * events and past_invalid <= RISE)
    if counted and wrong and len(wrong) >= HALF * sum(value.type != NOTHING for value in values):
        share = len(wrong) / len(values)
        yield Issue(Reason.TYPE_CHANGE, field.name, share, events, f"a {wrong[0].type}: {wrong[0].shown}")
        return
    if missing / events - past_missing >= RISE:
        yield Issue(Reason.MISSING, field.name, missing / events, events, "null or absent")
    if invalid / events - past_invalid >= RISE:
        yield Issue(Reason.INVALID, field.name, invalid / events, events, wrong[0].shown if wrong else "")
    yield from (_numeric if field.kind is FieldKind.NUMERIC else _categorical)(pane, field, values)


def _wrong_types(field: Field, values: Sequence[Value]) -> list[Value]:
    """Values that are not of the field's type; numbers are categories too, where the reference's look like numbers."""
    if field.kind is FieldKind.NUMERIC:
        return [value for value in values if value.type not in (NUMBER, NOTHING)]
    numbers = any(_is_number(name) for name in field.categories)
    bad = (STRUCTURE,) if numbers or not field.categories else (STRUCTURE, NUMBER)
    return [value for value in values if value.type in bad]


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _gone(pane: Pane, field: Field, new: _New) -> Issue:
    """A field that is in no event: renamed, where a new one holds what it held."""
    for name, (_, _, example) in sorted(new.items(), key=lambda item: _unlike(pane, field, item[0])):
        if _unlike(pane, field, name) <= _limit(len(pane.looked)):
            del new[name]
            return Issue(
                Reason.RENAMED_FIELD, field.name, 1.0, pane.events, f"now {name}, such as {example.shown}"
            )
    return Issue(Reason.REMOVED_FIELD, field.name, 1.0, pane.events, "absent in every event")


def _unlike(pane: Pane, field: Field, name: str) -> float:
    """How far the values of a new field are from what the reference has of another one; 1 where they cannot be compared."""
    values = [looked.unread[name] for looked in pane.looked if name in looked.unread]
    if field.kind is FieldKind.NUMERIC:
        numbers = np.array([value.number for value in values if value.number is not None])
        return distance(field, pane.reference, numbers) if len(numbers) >= HALF * len(values) else 1.0
    known = sum(value.shown in field.categories for value in values)
    return 1.0 - known / len(values)


def _numeric(pane: Pane, field: Field, values: Sequence[Value]) -> Iterator[Issue]:
    numbers = np.array([value.number for value in values if value.number is not None])
    if len(numbers) < LOOKED_MIN:
        return
    yield from _constant(pane, field, f"always {numbers[0]:.6g}", same=bool((numbers == numbers[0]).all()))
    if (factor := unit_factor(field, pane.reference, numbers)) is not None:
        typical = float(np.median(numbers))
        share = int(_cells(pane.current, field).sum()) / pane.events
        example = f"{factor_text(factor)} the reference's, such as {typical:.6g}"
        yield Issue(Reason.UNIT_CHANGE, field.name, share, pane.events, example)
        return
    outside = [int(_cells(side, field)[[0, -1]].sum()) for side in (pane.current, pane.reference)]
    valid, past = (max(int(_cells(side, field).sum()), 1) for side in (pane.current, pane.reference))
    beyond = numbers[(numbers < field.low) | (numbers > field.high)]
    if len(field.edges) >= 2 and outside[0] / valid - outside[1] / past >= RISE and len(beyond):
        yield Issue(Reason.OUT_OF_RANGE, field.name, outside[0] / valid, valid, f"{beyond[0]:.6g}")


def _categorical(pane: Pane, field: Field, values: Sequence[Value]) -> Iterator[Issue]:
    now, then = _cells(pane.current, field), _cells(pane.reference, field)
    if not now.any():
        return
    fullest = (*field.categories, OTHER)[int(now.argmax())]
    if fullest != OTHER:
        yield from _constant(pane, field, f"always {fullest[:40]}", same=True)
    valid, past = int(now.sum()), max(int(then.sum()), 1)
    if now[-1] / valid - then[-1] / past >= RISE:
        unseen = [v.shown for v in values if v.type != NOTHING and v.shown not in field.categories]
        yield Issue(Reason.UNSEEN, field.name, int(now[-1]) / valid, valid, unseen[0] if unseen else "")


def _constant(pane: Pane, field: Field, example: str, *, same: bool) -> Iterator[Issue]:
    """All valid values in one cell, equal where they were looked at, and by the reference less likely than `CHANCE`."""
    now, then = _cells(pane.current, field), _cells(pane.reference, field)
    valid, cell = int(now.sum()), int(now.argmax())
    if not same or not valid or now[cell] != valid or np.count_nonzero(then) < 2:
        return
    share = max(int(then[cell]), 1) / max(int(then.sum()), 1)
    if valid * np.log(share) <= np.log(CHANCE):
        yield Issue(Reason.CONSTANT, field.name, 1.0, valid, example)


def _repeated(pane: Pane) -> Iterator[Issue]:
    repeats = pane.repeats
    all_ = repeats.accepted + repeats.duplicates + repeats.conflicts
    labels = bool(pane.part.block("quality"))
    again = repeats.duplicates if labels else repeats.duplicates + repeats.conflicts
    if again >= max(REPEATED[0] * all_, REPEATED[1]):
        yield Issue(Reason.DUPLICATE_ID, "", again / all_, all_, repeats.example)
    if labels and repeats.conflicts >= max(CONFLICTED[0] * all_, CONFLICTED[1]):
        yield Issue(Reason.CONFLICTING_LABEL, "", repeats.conflicts / all_, all_, repeats.example)


def _rate(pane: Pane) -> Iterator[Issue]:
    assert pane.rate is not None
    low, high = HALF * pane.rate.low, pane.rate.high / HALF
    if pane.events < low - 5 * np.sqrt(low):
        yield Issue(
            Reason.EVENT_RATE,
            "",
            pane.events / low,
            pane.events,
            f"{pane.events} events, at least {low:.0f} expected",
        )
    elif pane.events > high + 5 * np.sqrt(high):
        yield Issue(
            Reason.EVENT_RATE,
            "",
            pane.events / high,
            pane.events,
            f"{pane.events} events, at most {high:.0f} expected",
        )


def unit_factor(field: Field, reference: Ints, numbers: Floats) -> float | None:
    """By which factor the values are off, where they fit the reference divided by it and not as they are.

    `reference` int64[columns], `numbers` float64[n]. Kolmogorov's D against the reference's cells, with the one-sample
    limit at 5 % for the fit: a spread squeezed into one point by a wrong factor is at least
    0.5 away, and must not pass for a fit.
    """
    apart = distance(field, reference, numbers)
    if apart < APART:
        return None
    fits = {factor: distance(field, reference, numbers / factor) for factor in FACTORS}
    best = min(fits, key=lambda factor: (fits[factor], factor))
    return best if fits[best] <= min(FIT / np.sqrt(len(numbers)), apart / 2) else None


def factor_text(factor: float) -> str:
    """A factor in words, such as `100 times`."""
    return f"{factor:g} times" if factor >= 1 else f"1/{1 / factor:g} of"


def distance(field: Field, reference: Ints, numbers: Floats) -> float:
    """Kolmogorov's D between values and the reference at the edges of a field's cells; 1 where a side is empty."""
    cells = _cells(reference, field)
    if not len(numbers) or not cells.any():
        return 1.0
    counts = np.bincount(np.searchsorted(field.edges, numbers, side="left"), minlength=field.cells)
    return float(np.abs(np.cumsum(counts) / len(numbers) - np.cumsum(cells) / cells.sum()).max())


def _limit(n: int) -> float:
    """Kolmogorov's one-sample limit at 0.1 %, asymptotic: 1.95/√n."""
    return 1.95 / float(np.sqrt(max(n, 1)))


def _cells(matrix: Ints, field: Field) -> Ints:
    return matrix[field.start : field.start + field.cells]
