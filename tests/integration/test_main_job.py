"""The main job on a real Kafka: drift in, numbers equal to a plain recount, every transition told, one retraining."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from kafka import KafkaProducer

from driftwatch.events.classes import Stream
from driftwatch.monitor.changes import Changes, PaneKey
from driftwatch.monitor.plan import subject_of
from driftwatch.monitor.spec import ModelSpec
from driftwatch.references.build import build
from driftwatch.references.codec import decode, encode
from driftwatch.source.files import FileStream
from driftwatch.storage.backup import backup
from driftwatch.storage.sqlite import open_checkpoint
from driftwatch.summaries.layout import FieldKind
from tests.integration.broker import Broker, free_ports
from tests.integration.car_loan import DATA, DAY, NUMBERS, PARTITIONS, Sent, configuration, sent
from tests.integration.daemon import Daemon
from tests.integration.receiver import SECRET, Receiver
from tests.waiting import until

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not DATA.exists(), reason="the car-loan data is not beside the repository"),
]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as running:
        yield running


class Job:
    """Topics, configuration, reference and daemon of one test."""

    def __init__(self, kafka: Broker, receiver: Receiver, folder: Path) -> None:
        self.folder = folder
        self._kafka = kafka
        self.predictions = kafka.create_topic(partitions=PARTITIONS)
        self.labels = kafka.create_topic(partitions=PARTITIONS)
        self.reference = folder / "car-loan.ref"
        secret = folder / "secret"
        secret.write_text(SECRET)
        port = free_ports()[0]
        config = configuration(
            kafka.bootstrap_servers, self.reference, folder / "state", receiver.url, secret, port
        )
        config["kafka"]["group_id"] = self.predictions
        config["models"][0]["predictions"]["topic"] = self.predictions
        config["models"][0]["labels"]["topic"] = self.labels
        self.config = folder / "driftwatch.yaml"
        self.config.write_text(yaml.safe_dump(config))
        self.daemon = Daemon(self.config, port)

    def build_reference(self) -> None:
        spec = ModelSpec.model_validate(yaml.safe_load(self.config.read_text())["models"][0])
        file = FileStream(self.predictions, DATA / "car_loan_reference.csv.gz")
        built = build(
            subject_of(spec), lambda: ((Stream.PREDICTIONS, b) for b in file), source="car loan", created_ms=0
        )
        self.reference.write_bytes(encode(built.reference))

    def produce(self, records: list[tuple[int, int, bytes | None]], topic: str) -> None:
        producer = KafkaProducer(bootstrap_servers=self._kafka.bootstrap_servers, linger_ms=20)
        for partition, time_ms, value in records:
            producer.send(topic, value, key=b"k", partition=partition, timestamp_ms=time_ms)
        producer.flush()
        producer.close()

    def consumed(self) -> int:
        """Records that the daemon has counted, as it says itself."""
        answer = self.daemon.get("/api/v1/models")
        if answer is None or not answer["models"]:
            return 0
        return sum(sum(counts.values()) for counts in answer["models"][0]["classes"].values())


def thirds(records: list[Any]) -> list[list[Any]]:
    n = len(records)
    return [records[: n // 3], records[n // 3 : 2 * n // 3], records[2 * n // 3 :]]


def test_a_real_topic_in_right_numbers_and_one_retraining_out(
    kafka: Broker, receiver: Receiver, tmp_path: Path
) -> None:
    data = sent()
    job = Job(kafka, receiver, tmp_path)
    job.build_reference()
    total = 0
    try:
        for part, (predictions, labels) in enumerate(
            zip(thirds(data.predictions), thirds(data.labels), strict=True)
        ):
            before = total
            total += len(predictions) + len(labels)
            job.daemon.start()
            job.produce(predictions, job.predictions)
            job.produce(labels, job.labels)
            until(lambda b=before: job.consumed() > b, within_s=60, what="it begins to consume")
            if part == 0:
                assert job.daemon.stop(signal.SIGTERM) == 0  # in the middle of the first part
            elif part == 1:
                assert job.daemon.stop(signal.SIGKILL) == -signal.SIGKILL
        until(lambda: job.consumed() == total, within_s=120, what=f"all {total} records are counted")
        until(
            lambda: settled(job),
            within_s=60,
            what="idle partitions let everything be decided, and it is told",
        )
        check_recomputed(job, job.folder / "state")  # beside the live daemon
        assert job.daemon.stop() == 0
        check(job, data, receiver)
        check_recompute_finds_what_is_wrong(job)
    finally:
        job.daemon.close()


def settled(job: Job) -> bool:
    """No pane closes any more and the outbox is empty."""
    status = job.daemon.get("/api/v1/status")
    idle = {
        (line["topic"], line["partition"])
        for line in job.daemon.lines()
        if line.get("event") == "partition_idle" and line["idle"]
    }
    return (
        len(idle) == 2 * PARTITIONS
        and status is not None
        and all(e["pending"] == 0 for e in status["endpoints"])
    )


def recomputed(job: Job, state: Path) -> tuple[int, dict[str, Any]]:
    """Exit code and answer of `driftwatch recompute`."""
    command = [sys.executable, "-m", "driftwatch", "recompute", "--json", "--state", str(state)]
    done = subprocess.run(
        [*command, "-c", str(job.folder / "driftwatch.yaml")], capture_output=True, timeout=120, check=False
    )
    assert done.stdout, done.stderr.decode()
    return done.returncode, json.loads(done.stdout)


def check_recomputed(job: Job, state: Path) -> None:
    """The auditor's question (E1, O1): the topic gives the same again, through two restarts."""
    code, answer = recomputed(job, state)
    assert (code, answer["same"]) == (0, True), answer
    counts = {what: found["same"] for what, found in answer["compared"].items()}
    assert counts["panes"] > 100
    assert counts["windows"] > 100
    assert counts["class counts"] > 10
    assert counts["alert transitions"] >= 4


def check_recompute_finds_what_is_wrong(job: Job) -> None:
    """One event more in one cell of one pane, behind the daemon's back."""
    wrong = job.folder / "wrong"
    wrong.mkdir()
    backup(job.folder / "state", wrong)
    checkpoint = open_checkpoint(wrong)
    saved = checkpoint.load()
    key = max(saved.panes)
    pane = saved.panes[key].copy()
    pane[0, 0] += 1
    checkpoint.commit(Changes(offsets=dict(saved.offsets), panes={key: pane}))
    checkpoint.close()
    code, answer = recomputed(job, wrong)
    assert (code, answer["same"]) == (1, False)
    assert answer["compared"]["panes"]["different"] == 1
    assert str(key.start_ms) in answer["compared"]["panes"]["first"]


def check(job: Job, data: Sent, receiver: Receiver) -> None:
    checkpoint = open_checkpoint(job.folder / "state")
    try:
        saved, told = checkpoint.load(), {n.id: n.type for n in checkpoint.notifications(10_000)}
    finally:
        checkpoint.close()
    accepted = check_classes(job, data)
    check_inputs(job, data, saved.panes)
    check_labels(job, data, saved.panes, accepted)
    assert told.keys() == receiver.ids(), "the receiver saw every transition"
    assert receiver.refused == [], "and every signature was valid"
    types = Counter(told.values())
    assert types["alert.firing"] >= 2
    assert types["retrain.requested"] == 1, "one drift episode, one request"
    errors = [line for line in job.daemon.lines() if line.get("level") in ("error", "critical")]
    assert errors == []


def check_classes(job: Job, data: Sent) -> int:
    """Every record in its class; answers how many labels were counted."""
    classes = [line for line in job.daemon.lines() if line.get("event") == "stopped"]
    assert classes, "it says at its end what became of the records"
    counts = Counter[tuple[str, str]]()
    for key, count in classes[-1]["classes"].items():
        stream, _, why = key.partition(" ")
        counts[stream, why.partition(":")[0]] += count
    assert counts["predictions", "duplicate"] == data.duplicates
    assert counts["predictions", "accepted"] == len(data.rows)
    assert counts["predictions", "invalid"] + counts["labels", "invalid"] == data.garbage
    assert sum(n for (stream, _), n in counts.items() if stream == "predictions") == len(data.predictions)
    assert sum(n for (stream, _), n in counts.items() if stream == "labels") == len(data.labels)
    assert counts["labels", "accepted"] + counts["labels", "waiting"] == len(data.rows)
    return counts["labels", "accepted"]


def check_inputs(job: Job, data: Sent, panes: Any) -> None:
    """Every cell of every field of every day, against searchsorted and == on the raw values."""
    layout = decode(job.reference.read_bytes()).layout
    part = layout.part(Stream.PREDICTIONS)
    assert part is not None
    origin = 1_540_922_400_000
    days = np.array([(row["time_ms"] - origin) // DAY for row in data.rows])
    mine = {key: pane for key, pane in panes.items() if key.stream is Stream.PREDICTIONS}
    assert {(key.start_ms - origin) // DAY for key in mine} == set(days.tolist())
    for field in part.fields:
        name = {"score": "y_pred_proba", "decision": "y_pred"}.get(field.name, field.name)
        if field.kind is FieldKind.NUMERIC:
            cells = np.searchsorted(np.array(field.edges), [row[name] for row in data.rows], side="left")
        else:
            known = {text: i for i, text in enumerate(field.categories)}
            cells = np.array([known.get(str(row[name]), len(known)) for row in data.rows])
        for key, pane in mine.items():
            here = cells[days == (key.start_ms - origin) // DAY]
            expected = np.bincount(here, minlength=field.cells)
            assert pane[0, field.start : field.start + field.cells].tolist() == expected.tolist(), (
                field.name,
                key,
            )
    check_slices(layout, part, data, days, mine)


def check_slices(
    layout: Any, part: Any, data: Sent, days: np.ndarray, panes: dict[PaneKey, np.ndarray]
) -> None:
    field = part.fields[0]
    assert field.name in NUMBERS
    for row, name in enumerate(layout.slices.rows):
        salary = name.partition("=")[2]
        chosen = np.array([name == "all" or r["salary_range"] == salary for r in data.rows])
        for key, pane in panes.items():
            day = (key.start_ms - 1_540_922_400_000) // DAY
            assert pane[row, field.start : field.stop].sum() == np.count_nonzero(chosen & (days == day))


def check_labels(job: Job, data: Sent, panes: Any, accepted: int) -> None:
    """The confusion of every day of label time, against plain counting; the last days as far as they are decided."""
    layout = decode(job.reference.read_bytes()).layout
    part = layout.part(Stream.LABELS)
    assert part is not None
    block = part.block("confusion")
    assert block is not None
    newest = [max(r["label_ms"] for r in data.rows if r["id"] % PARTITIONS == p) for p in range(PARTITIONS)]
    # Beyond the slowest partition's frontier it depends on which partition was idle first how much is decided (E4).
    surely = (min(newest) - DAY - 1_540_922_400_000) // DAY
    expected: Counter[tuple[int, int, int]] = Counter()
    for row in data.rows:
        day = (row["label_ms"] - 1_540_922_400_000) // DAY
        expected[day, int(row["y_pred"]), row["label"]] += 1
    counted: Counter[tuple[int, int, int]] = Counter()
    for key, pane in panes.items():
        if key.stream is Stream.LABELS:
            day = (key.start_ms - 1_540_922_400_000) // DAY
            for place, count in enumerate(pane[0, block.start : block.stop].tolist()):
                counted[day, place // 2, place % 2] += count
    assert {k: n for k, n in counted.items() if n and k[0] < surely} == {
        k: n for k, n in expected.items() if k[0] < surely
    }
    assert counted <= expected
    assert sum(counted.values()) == accepted
