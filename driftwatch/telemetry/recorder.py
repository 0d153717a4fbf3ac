"""Facts become metrics and log lines, here and nowhere else: one line per fact, never one per record."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import fields, replace
from typing import Any, Final, Protocol

from driftwatch import facts as f
from driftwatch.alerts.alert import AlertState
from driftwatch.monitor.snapshot import Snapshot
from driftwatch.telemetry import catalogue as c
from driftwatch.telemetry.board import Board
from driftwatch.telemetry.counts import Counting
from driftwatch.telemetry.health import Health
from driftwatch.telemetry.limits import Limiter
from driftwatch.telemetry.text import iso_time

MINUTE_S: Final = 60.0
HOUR_S: Final = 3_600.0


class Log(Protocol):
    """What the recorder needs of a structlog logger."""

    def debug(self, event: str, **values: Any) -> Any:
        """A line that is off by default."""
        ...

    def info(self, event: str, **values: Any) -> Any:
        """An ordinary line."""
        ...

    def warning(self, event: str, **values: Any) -> Any:
        """A line that asks for attention."""
        ...


class Recorder:
    """Owned by the loop's thread. `clock` is monotonic, `wall` the time of day, both in seconds."""

    def __init__(
        self,
        board: Board,
        log: Log,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._board = board
        self._log = log
        self._wall = wall
        self._counting = Counting()
        self._dead_letters = Limiter(MINUTE_S, clock)
        self._warnings = Limiter(HOUR_S, clock)
        self._verdicts: dict[tuple[str, str, str, str], str] = {}

    def committed(
        self, snapshot: Snapshot, facts: Iterable[f.Fact], duration_s: float, checkpoint_bytes: int = 0
    ) -> None:
        """After each commit: count and log its facts, then show the new picture."""
        self._counting.committed(duration_s)
        self.record(facts)
        self._board.publish(snapshot, self._counting.counts())
        now_s = self._wall()

        def committed(health: Health) -> Health:
            return replace(
                health,
                last_commit_s=now_s,
                last_commit_duration_s=duration_s,
                checkpoint_bytes=checkpoint_bytes or health.checkpoint_bytes,
                commit_failed="",
            )

        self._board.update(committed)

    def record(self, facts: Iterable[f.Fact]) -> None:
        """Count facts and write their lines; they show in the metrics at the next commit."""
        for fact in facts:
            self._count(fact)
            self._say(fact)

    def _count(self, fact: f.Fact) -> None:
        add = self._counting.add
        match fact:
            case f.PaneClosed():
                add(c.PANES_CLOSED, (fact.model, fact.stream))
            case f.WindowRead():
                add(c.WINDOWS_READ, (fact.model, fact.stream, fact.window))
            case f.AlertChanged():
                add(c.ALERT_TRANSITIONS, (fact.model, fact.rule, fact.new, fact.reason))
            case f.EpisodeChanged():
                add(c.EPISODE_TRANSITIONS, (fact.model, fact.new, fact.reason))
            case f.SlicesFolded():
                add(c.SLICES_FOLDED, (fact.model, fact.column), fact.count)
            case f.SplitIds():
                add(c.SPLIT_IDS, (fact.model, fact.stream), fact.count)
            case f.SampleHalved():
                add(c.SAMPLE_HALVINGS, (fact.model,))
            case f.ReferenceLearned():
                add(c.REFERENCES_LEARNED, (fact.model,))
            case f.ReferenceAccepted():
                add(c.REFERENCES_ACCEPTED, (fact.model,))
            case f.QualityChanged():
                if fact.began:
                    add(c.QUALITY_REASONS, (fact.model, fact.stream, fact.reason))
            case f.RecordsRejected() | f.VersionSeen() | f.VersionEstablished() | f.PartitionIdle():
                pass  # the snapshot shows their effect

    def _say(self, fact: f.Fact) -> None:
        match fact:
            case f.RecordsRejected():
                self._say_rejected(fact)
            case f.SlicesFolded():
                self._warn(fact, (fact.model, fact.column), fact.count)
            case f.SplitIds():
                self._warn(fact, (fact.model, fact.stream), fact.count)
            case f.VersionSeen(known=False):
                self._warn(fact, (fact.model,), 1)
            case f.WindowRead():
                key = (fact.model, fact.version, fact.stream, fact.window)
                changed = self._verdicts.get(key) != fact.verdict
                self._verdicts[key] = fact.verdict
                (self._log.info if changed else self._log.debug)(_name(fact), **_values(fact))
            case f.PaneClosed():
                self._log.debug(_name(fact), **_values(fact))
            case f.SampleHalved() | f.AlertChanged(new=AlertState.FIRING) | f.QualityChanged(began=True):
                self._log.warning(_name(fact), **_values(fact))
            case _:
                self._log.info(_name(fact), **_values(fact))

    def _say_rejected(self, fact: f.RecordsRejected) -> None:
        """One line per model, stream and reason each minute, with the count and the last sample's place."""
        found = Counter((letter.model, letter.stream, letter.reason) for letter in fact.letters)
        last = {(letter.model, letter.stream, letter.reason): letter for letter in fact.letters}
        for key, count in found.items():
            if total := self._dead_letters.gather(key, count):
                letter = last[key]
                self._log.warning(
                    "records_rejected",
                    model=letter.model,
                    stream=str(letter.stream),
                    reason=str(letter.reason),
                    count=total,
                    topic=letter.partition.topic,
                    partition=letter.partition.number,
                    offset=letter.offset,
                    sample=letter.sample,
                )

    def _warn(self, fact: f.Fact, key: tuple[str, ...], amount: int) -> None:
        """One warning per key and hour (F10), with the amount since the last one."""
        if total := self._warnings.gather((_name(fact), *key), amount):
            self._log.warning(_name(fact), **{**_values(fact), "count": total})


def _name(fact: f.Fact) -> str:
    """`PaneClosed` is logged as `pane_closed`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", type(fact).__name__).lower()


def _values(fact: f.Fact) -> dict[str, Any]:
    """The fact's fields; event times as ISO 8601 under the name without `_ms`."""
    values: dict[str, Any] = {}
    for field in fields(fact):
        value = getattr(fact, field.name)
        if field.name.endswith("_ms"):
            values["event_time" if field.name == "time_ms" else field.name.removesuffix("_ms")] = iso_time(
                value
            )
        else:
            values[field.name] = value
    return values
