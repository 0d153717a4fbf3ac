"""A reading meets a rule: which members break it, for how long, and which have recovered."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from driftwatch.drift.moved import moved
from driftwatch.drift.reading import Estimate, Floats, Ints, Pair, Reading
from driftwatch.summaries.totals import events_of
from driftwatch.verdicts.rule import Rule
from driftwatch.verdicts.state import Members, RuleState, load, save
from driftwatch.verdicts.verdict import CODE, SEVERE, Finding, Judgement, Verdict

Bools = NDArray[np.bool_]

NOT_LOOKED: Final = -1
"""Verdict code of a slice and field that the rule does not look at."""
EXPLAINED: Final = 20
"""Findings, loudest first, that get the cells which moved most; a message shows fewer."""


def judge(
    rule: Rule, reading: Reading, state: RuleState, pair: Pair | None = None
) -> tuple[RuleState, Judgement]:
    """One closed pane of one window: the next state and what is to be said. Pure, over all members at once.

    Call it once per reading, in the order of event time. `reading` must be of the rule's layout, stream and
    window and hold its statistic (KeyError). With `pair`, findings name reference sizes and the cells that moved most.
    """
    estimate = reading.estimates[rule.condition.statistic.name]
    number = _number(rule, estimate)
    enough = _enough(rule, estimate, number)
    members = load(rule, state)
    _advance(rule, members, number, enough, reading.end_ms)
    _remember(members, estimate, enough)
    firing = members["firing"] > 0
    pending = ~firing & (members["held"] > 0)
    verdicts = _verdicts(rule, enough, firing)
    found = _findings(rule, members, firing, pair), _findings(rule, members, pending, pair)
    return save(rule, members), _judgement(rule, reading, verdicts, *found)


def last_said(rule: Rule, reading: Reading, state: RuleState) -> NDArray[np.int8]:
    """The verdicts of the reading that brought the rule into this state, int8[slices, fields]: nothing is judged again."""
    estimate = reading.estimates[rule.condition.statistic.name]
    enough = _enough(rule, estimate, _number(rule, estimate))
    return _verdicts(rule, enough, load(rule, state)["firing"] > 0)


def learning(rule: Rule, reading: Reading) -> Judgement:
    """What a rule says while the version's reference is still being learned: nothing, and it never alarms (E10)."""
    codes = np.where(rule.mask, CODE[Verdict.LEARNING], NOT_LOOKED).astype(np.int8)
    return _judgement(rule, reading, codes, (), ())


def _judgement(
    rule: Rule,
    reading: Reading,
    verdicts: NDArray[np.int8],
    firing: tuple[Finding, ...],
    pending: tuple[Finding, ...],
) -> Judgement:
    return Judgement(
        rule=rule.name,
        statistic=rule.condition.statistic.name,
        model=reading.model,
        version=reading.version,
        stream=reading.stream,
        window=reading.window,
        end_ms=reading.end_ms,
        fields=rule.fields,
        verdicts=verdicts,
        firing=firing,
        pending=pending,
        clear=not firing and not pending,
        kind=rule.kind,
        severity=rule.severity,
        retrain=rule.retrain,
    )


def _number(rule: Rule, estimate: Estimate) -> Floats:
    numbers: Floats = getattr(estimate, rule.condition.number.value)
    if numbers.shape != rule.mask.shape:
        raise ValueError(
            f"rule {rule.name!r} looks at {rule.mask.shape} members, the reading has {numbers.shape}"
        )
    return numbers


def _enough(rule: Rule, estimate: Estimate, number: Floats) -> Bools:
    return rule.mask & (estimate.count >= rule.min_events) & np.isfinite(number)


def _advance(rule: Rule, members: Members, number: Floats, enough: Bools, end_ms: int) -> None:
    """The next state of every member; those without enough data keep theirs (E8)."""
    with np.errstate(invalid="ignore"):
        over = number > rule.condition.limit if rule.condition.above else number < rule.condition.limit
        calm = number <= rule.clear if rule.condition.above else number >= rule.clear
    breach, within = enough & over, enough & calm
    began = breach & (members["held"] == 0) & (members["firing"] == 0)
    members["since_ms"] = np.where(began, end_ms, members["since_ms"])
    members["held"] = np.where(breach, members["held"] + 1, np.where(enough, 0, members["held"]))
    members["firing"] |= members["held"] >= rule.condition.panes
    members["cleared"] = np.where(within, members["cleared"] + 1, np.where(enough, 0, members["cleared"]))
    recovered = within & (members["cleared"] >= rule.clear_for)
    members["firing"] = np.where(recovered, 0, members["firing"])


def _remember(members: Members, estimate: Estimate, enough: Bools) -> None:
    """Keep the numbers of members that are loud now, forget all about the calm ones."""
    for name in ("value", "lower", "upper", "count"):
        members[name] = np.where(enough, getattr(estimate, name), members[name])
    members[(members["held"] == 0) & (members["firing"] == 0)] = 0


def _verdicts(rule: Rule, enough: Bools, firing: Bools) -> NDArray[np.int8]:
    """A breach that is not yet held is `ok`; a firing member stays loud until it has recovered."""
    known = np.where(firing, CODE[SEVERE[rule.severity]], CODE[Verdict.OK])
    looked = np.where(enough, known, CODE[Verdict.INSUFFICIENT])
    return np.where(rule.mask, looked, NOT_LOOKED).astype(np.int8)


def _findings(rule: Rule, members: Members, chosen: Bools, pair: Pair | None) -> tuple[Finding, ...]:
    """The chosen members, farthest beyond the limit first; ties in the order of slices and fields."""
    places = np.argwhere(chosen)
    numbers: Floats = members[rule.condition.number.value][chosen]
    beyond = numbers - rule.condition.limit if rule.condition.above else rule.condition.limit - numbers
    ranked = places[np.argsort(-beyond, kind="stable")]
    return tuple(
        _finding(rule, members, row, column, pair, explain=rank < EXPLAINED)
        for rank, (row, column) in enumerate(ranked.tolist())
    )


def _finding(
    rule: Rule, members: Members, row: int, column: int, pair: Pair | None, *, explain: bool
) -> Finding:
    member, field = members[row, column], rule.fields[column]
    return Finding(
        rule=rule.name,
        statistic=rule.condition.statistic.name,
        window=rule.window,
        slice=rule.slices[row],
        field=field,
        value=float(member["value"]),
        lower=float(member["lower"]),
        upper=float(member["upper"]),
        limit=rule.condition.limit,
        count=int(member["count"]),
        since_ms=int(member["since_ms"]),
        reference_count=0 if pair is None else _reference_count(pair, row, field),
        cells=moved(pair, row, field, terms=rule.condition.statistic.terms) if pair and explain else (),
    )


def _reference_count(pair: Pair, row: int, field: str) -> int:
    """Reference events behind a finding: those of its field, or of the slice where the part does not count the field.

    So it is for numbers of the whole model, and for those of a class, whose labels are all that are matched.
    """
    counts: Ints = pair.reference[row]
    found = next((each for each in pair.part.fields if each.name == field), None)
    if found is None:
        return int(events_of(pair.part, counts[None])[0])
    return int(counts[found.start : found.stop].sum())
