from dataclasses import dataclass, field
from typing import Any, get_args

import pytest
import structlog
from structlog.testing import capture_logs

from driftwatch import facts as f
from driftwatch.alerts.alert import AlertState, EpisodeState
from driftwatch.drift.reasons import Reason
from driftwatch.events.classes import RecordClass, Stream
from driftwatch.events.columns import DeadLetter
from driftwatch.events.records import Partition
from driftwatch.telemetry import catalogue as c
from driftwatch.telemetry.board import Board
from driftwatch.telemetry.health import Health
from driftwatch.telemetry.recorder import HOUR_S, MINUTE_S, Recorder
from tests.telemetry import pictures

PARTITION = Partition("credit.labels", 2)


def letter(reason: RecordClass = RecordClass.INVALID_JSON, offset: int = 7) -> DeadLetter:
    return DeadLetter("credit", Stream.LABELS, PARTITION, offset, reason, "{oops")


ONE_OF_EACH: tuple[f.Fact, ...] = (
    f.RecordsRejected((letter(),)),
    f.PaneClosed("credit", "v1", Stream.LABELS, 0, 1_000, 5),
    f.WindowRead("credit", "v1", Stream.LABELS, "1h", 1_000, 5, "ok"),
    f.AlertChanged("f00", "credit", "v1", "inputs", AlertState.PENDING, AlertState.FIRING, "held", 1_000),
    f.EpisodeChanged("ep_1", "credit", None, EpisodeState.OPEN, "alert_firing", 1_000),
    f.VersionSeen("credit", "v2", known=True),
    f.VersionEstablished("credit", "v2", 100),
    f.PartitionIdle("credit.labels", 2, idle=True),
    f.SampleHalved("credit", 0.5),
    f.SplitIds("credit", Stream.LABELS, 3),
    f.SlicesFolded("credit", "country", 40),
    f.ReferenceLearned("credit", "v2", "abc", 1_000),
    f.ReferenceAccepted("credit", "v1", "def", "ana"),
    f.QualityChanged("credit", "v2", Stream.PREDICTIONS, Reason.NEW_FIELD, "y", "0.5", True, 1_000),
)


@dataclass
class Daemon:
    """A recorder with clocks that a test moves."""

    board: Board = field(default_factory=lambda: Board(Health()))
    now_s: float = 0.0

    def __post_init__(self) -> None:
        self.recorder = Recorder(
            self.board, structlog.get_logger(), clock=lambda: self.now_s, wall=lambda: 1_700_000_000.0
        )

    def lines(self, *facts: f.Fact) -> list[Any]:
        with capture_logs() as lines:
            self.recorder.record(facts)
        return lines

    def totals(self, metric: c.Metric) -> dict[tuple[str, ...], float]:
        self.recorder.committed(pictures.snapshot(), (), 0.01)
        return dict(self.board.picture.counts.totals.get(metric.name, {}))


def test_these_are_all_facts() -> None:
    assert {type(fact) for fact in ONE_OF_EACH} == set(get_args(f.Fact))


@pytest.mark.parametrize("fact", ONE_OF_EACH, ids=lambda fact: type(fact).__name__)
def test_each_fact_gives_exactly_one_line(fact: f.Fact) -> None:
    lines = Daemon().lines(fact)
    assert len(lines) == 1
    assert "_" in lines[0]["event"]


def test_a_line_has_the_fact_s_fields_and_event_times_for_people() -> None:
    [line] = Daemon().lines(ONE_OF_EACH[3])
    assert line == {
        "event": "alert_changed",
        "log_level": "warning",
        "fingerprint": "f00",
        "model": "credit",
        "version": "v1",
        "rule": "inputs",
        "old": AlertState.PENDING,
        "new": AlertState.FIRING,
        "reason": "held",
        "event_time": "1970-01-01T00:00:01Z",
    }


def test_a_million_bad_records_are_one_line_a_minute_and_reason() -> None:
    daemon = Daemon()
    first = daemon.lines(
        f.RecordsRejected((letter(offset=1), letter(offset=2), letter(RecordClass.OVER_LIMIT)))
    )
    assert [(line["reason"], line["count"]) for line in first] == [("invalid:not_json", 2), ("over_limit", 1)]
    assert (first[0]["topic"], first[0]["partition"], first[0]["offset"]) == ("credit.labels", 2, 2)
    for _ in range(1_000):
        assert daemon.lines(f.RecordsRejected((letter(),))) == []
    daemon.now_s = MINUTE_S
    [line] = daemon.lines(f.RecordsRejected((letter(),)))
    assert line["count"] == 1_001


def test_one_warning_per_key_and_hour() -> None:
    daemon = Daemon()
    country = f.SlicesFolded("credit", "country", 40)
    assert [line["count"] for line in daemon.lines(country, country)] == [40]
    assert len(daemon.lines(f.SlicesFolded("credit", "channel", 1))) == 1
    daemon.now_s = HOUR_S
    assert [line["count"] for line in daemon.lines(country)] == [80]
    assert daemon.totals(c.SLICES_FOLDED) == {("credit", "country"): 120, ("credit", "channel"): 1}


def test_unknown_versions_cannot_flood_the_log() -> None:
    daemon = Daemon()
    seen = [f.VersionSeen("credit", f"x{i}", known=False) for i in range(100)]
    assert len(daemon.lines(*seen)) == 1


def test_a_reading_is_an_info_line_only_when_its_verdict_changes() -> None:
    daemon = Daemon()
    read = [
        f.WindowRead("credit", "v1", Stream.LABELS, "1h", i, 5, v)
        for i, v in enumerate(("ok", "ok", "drift"))
    ]
    assert [line["log_level"] for line in daemon.lines(*read)] == ["info", "debug", "info"]


def test_facts_are_counted() -> None:
    daemon = Daemon()
    daemon.lines(*ONE_OF_EACH, *ONE_OF_EACH)
    assert daemon.totals(c.PANES_CLOSED) == {("credit", "labels"): 2}
    assert daemon.totals(c.WINDOWS_READ) == {("credit", "labels", "1h"): 2}
    assert daemon.totals(c.ALERT_TRANSITIONS) == {("credit", "inputs", "firing", "held"): 2}
    assert daemon.totals(c.EPISODE_TRANSITIONS) == {("credit", "open", "alert_firing"): 2}
    assert daemon.totals(c.SPLIT_IDS) == {("credit", "labels"): 6}
    assert daemon.totals(c.SAMPLE_HALVINGS) == {("credit",): 2}
    assert daemon.totals(c.REFERENCES_LEARNED) == {("credit",): 2}


def test_a_commit_is_shown_with_its_facts() -> None:
    daemon = Daemon()
    daemon.board.update(lambda health: Health(commit_failed="disk_full"))
    with capture_logs():
        daemon.recorder.committed(pictures.snapshot(), ONE_OF_EACH, 0.25, checkpoint_bytes=4_096)
    picture = daemon.board.picture
    assert picture.snapshot.sequence == 3
    assert picture.counts.totals[c.PANES_CLOSED.name] == {("credit", "labels"): 1}
    assert picture.counts.commit_seconds == 0.25
    assert picture.health.last_commit_s == 1_700_000_000.0
    assert picture.health.checkpoint_bytes == 4_096
    assert picture.health.commit_failed == ""
