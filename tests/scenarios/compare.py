"""Whether product and plain model agree on a case, and the first thing on which they do not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import chain
from typing import Final

import numpy as np
from numpy.typing import NDArray

from driftwatch.events.ids import hash_ids
from driftwatch.events.records import Partition
from driftwatch.facts import AlertChanged, EpisodeChanged, PaneClosed, VersionEstablished, WindowRead
from driftwatch.monitor.changes import Entry, JournalRow, Saved
from driftwatch.monitor.monitor import Monitor
from driftwatch.monitor.recorded import record
from driftwatch.references.codec import decode
from tests.monitor.world import KEY
from tests.scenarios.case import Case
from tests.scenarios.drive import Classes, Committed, Run, follow, run
from tests.scenarios.plain import Closed, Logs, Plain, Told
from tests.scenarios.worlds import World

FOLLOWED: Final = 8
"""Of worlds without rules every so many are driven a second time."""
_DECIDED: Final = (AlertChanged, EpisodeChanged, PaneClosed, VersionEstablished, WindowRead)


@cache
def hash_of(text: str) -> int:
    """The keyed hash of one id."""
    return int(hash_ids([text], KEY)[0])


def difference(case: Case) -> str | None:
    """The first difference in words; None where there is none. A crash of either side is one."""
    try:
        made = run(case)
        return next(_differences(case, made), None)
    except Exception as error:  # whatever it is, the seed must be printed
        where = error.__traceback__
        while where is not None and where.tb_next is not None:
            where = where.tb_next
        place = f"{where.tb_frame.f_code.co_filename}:{where.tb_lineno}" if where else "?"
        return f"{type(error).__name__}: {error} at {place}"


def _differences(case: Case, made: Run) -> Iterator[str]:
    for model in made.world.models:
        yield from _of_model(case, made, model)
    if case.seed % FOLLOWED == 0:
        yield from _again(made, follow(case, made, case.seed))
    if not case.finish and (case.seed % FOLLOWED == 1 or made.world.plan.spec.rules):
        yield from _recomputed(made)


def _recomputed(made: Run) -> Iterator[str]:
    """The journal and the logs alone give the same values, alerts included (E1)."""
    comparison = made.recomputed()
    if not comparison.same:
        yield f"recomputed: {comparison.first_difference}"


def _of_model(case: Case, made: Run, model: World) -> Iterator[str]:
    name, plain = model.plan.name, Plain(model.rules, case.logs, hash_of)
    _tell(plain, made.saved, made.world, model)
    for number, commit in enumerate(made.commits):
        journal = [row for row in commit.journal if row.details.get("model", name) == name]
        told = plain.commit(commit.offsets, journal, finish=commit.finish)
        for what in _of_commit(plain, told, commit, name):
            yield f"{name}, commit {number}: {what}"
        for what in _sums(case, commit, name):
            yield f"{name}, commit {number}: {what}"
    for what in _panes(plain, made.saved, name):
        yield f"{name}: {what}"


def _again(made: Run, again: Run) -> Iterator[str]:
    """Two interleavings with the same commits: nothing may differ, alerts and notifications included."""
    for number, (one, other) in enumerate(zip(made.commits, again.commits, strict=True)):
        if one.offsets != other.offsets:
            yield f"commit {number} in another interleaving: offsets {one.offsets} and {other.offsets}"
        if _journal(one) != _journal(other):
            yield f"commit {number} in another interleaving: journal {_journal(one)} and {_journal(other)}"
        if one.classes != other.classes:
            yield f"commit {number} in another interleaving: classes {one.classes} and {other.classes}"
        facts = [[fact for fact in of.facts if isinstance(fact, _DECIDED)] for of in (one, other)]
        if facts[0] != facts[1]:
            yield f"commit {number} in another interleaving: facts {facts[0]} and {facts[1]}"
        if one.events != other.events:
            yield f"commit {number} in another interleaving: windows hold other events"
    if made.store.notifications(10**6) != again.store.notifications(10**6):
        yield "another interleaving told other notifications"
    for key, pane in made.saved.panes.items():
        if key not in again.saved.panes or not np.array_equal(pane, again.saved.panes[key]):
            yield f"pane {key} in another interleaving differs"


def _journal(commit: Committed) -> list[tuple[str, str]]:
    """Kinds and details; offsets in between are those of the interleaving."""
    return sorted(
        (row.kind, repr(sorted(row.details.items()))) for row in commit.journal if row.kind != Entry.SET_ASIDE
    )


def agrees_with(
    model: World,
    logs: Logs,
    commits: Iterable[tuple[dict[Partition, int], list[JournalRow]]],
    saved: Saved,
    monitor: Monitor,
) -> str | None:
    """The first difference between the plain model led along these commits and what is stored after them."""
    plain = Plain(model.rules, logs, hash_of)
    _tell(plain, saved, model, model)
    for offsets, journal in commits:
        plain.commit(offsets, journal, finish=False)
    got: dict[tuple[str, Partition], dict[str, int]] = {}
    for stream, place, why, count in monitor.models[model.plan.name].tally.items():
        got.setdefault((stream, monitor._partitions.at(place)), {})[why] = count
    return next(chain(_classes(plain, got), _panes(plain, saved, model.plan.name)), None)


def _tell(plain: Plain, saved: Saved, configured: World, model: World) -> None:
    """What journal rows name by hashes."""
    plain.layouts = {of.hash: of for of in (decode(r).layout for r in saved.references.values())}
    for world in (configured, *configured.variants):
        (rules,) = (of.rules for of in world.models if of.plan.name == model.plan.name)
        plain.reloads[record([of.plan for of in world.models]).hash] = rules


def _classes(plain: Plain, counted: Classes) -> Iterator[str]:
    expected = {key: +Counter(counts) for key, counts in plain.classes.items()}
    got = {key: +Counter(counts) for key, counts in counted.items()}
    for key in sorted(expected.keys() | got.keys()):
        if expected.get(key, Counter()) != got.get(key, Counter()):
            yield f"classes of {key}: plain {dict(expected.get(key, {}))}, product {dict(got.get(key, {}))}"


def _of_commit(plain: Plain, told: Told, commit: Committed, name: str) -> Iterator[str]:
    yield from _classes(plain, commit.classes[name])
    closed = list(_closed(commit, name))
    if closed != told.closed:
        both = zip([*told.closed, None], [*closed, None], strict=False)
        yield f"closed: plain {len(told.closed)}, product {len(closed)}; " + next(
            f"plain {a}, product {b}" for a, b in both if a != b
        )
    established = [
        fact.version for fact in commit.facts if isinstance(fact, VersionEstablished) and fact.model == name
    ]
    if established != told.established:
        yield f"established: plain {told.established}, product {established}"
    own = [row for row in commit.journal if row.details.get("model") == name]
    ended = [row.details["version"] for row in own if row.kind == Entry.END]
    if ended != told.ended:
        yield f"ended: plain {told.ended}, product {ended}"
    rows = [row for row in own if row.kind == Entry.CLOSE]
    if bool(rows) != bool(told.closed):
        yield f"close rows: {len(rows)}, closed: {len(told.closed)}"
    for row in rows:
        limits = {stream: row.details["limits"][stream] for stream in told.limits}
        if limits != told.limits:
            yield f"limits: plain {told.limits}, product {limits}"


def _closed(commit: Committed, name: str) -> Iterator[Closed]:
    for fact in commit.facts:
        if isinstance(fact, PaneClosed | WindowRead) and fact.model != name:
            continue
        if isinstance(fact, PaneClosed):
            yield Closed(fact.version, str(fact.stream), "", fact.end_ms, fact.events)
        elif isinstance(fact, WindowRead):
            yield Closed(fact.version, str(fact.stream), fact.window, fact.end_ms, fact.events)


def _sums(case: Case, commit: Committed, name: str) -> Iterator[str]:
    """Every record consumed ends in one class of each stream of its topic (P2)."""
    for (stream, partition), counts in commit.classes[name].items():
        consumed = sum(line.offset < commit.offsets[partition] for line in case.logs[partition])
        if sum(counts.values()) != consumed:
            yield f"{stream} of {partition}: {sum(counts.values())} in classes, {consumed} consumed"


def _panes(plain: Plain, saved: Saved, name: str) -> Iterator[str]:
    expected = {
        (of.name, of.layout.hash, *key): counts
        for of in plain.all_versions()
        for key, counts in of.kept(plain.rules).items()
    }
    got = {
        (key.version, key.layout, str(key.stream), key.width_ms, key.start_ms): pane
        for key, pane in saved.panes.items()
        if pane.any() and key.model == name
    }
    for key in sorted(expected.keys() | got.keys()):
        counts = {place: n for place, n in expected.get(key, Counter()).items() if n}
        if key not in got:
            if counts:
                yield f"pane {key}: not in the store"
        elif _counts(got[key]) != counts:
            wrong = sorted(set(_counts(got[key]).items()) ^ set(counts.items()))
            yield f"pane {key}: {len(wrong)} counters differ, such as {wrong[0]}"


def _counts(pane: NDArray[np.int64]) -> dict[tuple[int, int], int]:
    rows, columns = np.nonzero(pane)
    return dict(
        zip(zip(rows.tolist(), columns.tolist(), strict=True), pane[rows, columns].tolist(), strict=True)
    )
