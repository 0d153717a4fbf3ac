"""A daemon on the real broker with models of its own topics, and what must hold after every run whatever was done to it."""

from __future__ import annotations

import json
import os
import signal
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import yaml
from confluent_kafka import Producer

from driftwatch.config.load import load
from driftwatch.events.classes import CLASSES, RecordClass, Stream
from driftwatch.events.records import Partition, RecordBatch
from driftwatch.monitor.changes import Saved
from driftwatch.monitor.model import ModelState
from driftwatch.monitor.plan import subject_of
from driftwatch.monitor.spec import ModelSpec
from driftwatch.recompute.recount import Recount
from driftwatch.recompute.topics import Topics
from driftwatch.references.build import build
from driftwatch.references.codec import encode
from driftwatch.references.reference import Reference
from driftwatch.storage.backup import backup
from driftwatch.storage.sqlite import open_checkpoint
from tests.integration.broker import Broker, free_ports
from tests.integration.daemon import Daemon
from tests.monitor.world import START, WRITTEN, batch, reference
from tests.waiting import until

Classes = dict[RecordClass, int]


@dataclass(frozen=True)
class Sent:
    """One record as it is produced; without a timestamp it gets the broker's."""

    value: bytes | None
    time_ms: int | None = None
    partition: int = 0


@dataclass
class End:
    """What a run left behind: its last commit, its log, and what became of the records of every model."""

    saved: Saved
    lines: list[dict[str, Any]]
    classes: dict[tuple[str, Stream, int], Classes] = field(
        default_factory=dict[tuple[str, Stream, int], Classes]
    )
    """By model, stream and partition number."""

    def of(self, model: str, stream: Stream = Stream.PREDICTIONS) -> Classes:
        """Records of one stream by class, over its partitions."""
        total: Counter[RecordClass] = Counter()
        for (name, of, _), classes in self.classes.items():
            if (name, of) == (model, stream):
                total.update(classes)
        return dict(total)


def built(spec: ModelSpec) -> Reference:
    """The reference of the small model under this name."""
    return reference(spec=spec)


def built_from(spec: ModelSpec, rows: Sequence[bytes]) -> Reference:
    """A reference of predictions that carry their labels too."""
    stamps = [START - 10**8 + n for n in range(len(rows))]

    def batches() -> list[tuple[Stream, RecordBatch]]:
        return [(Stream.PREDICTIONS, batch("p", 0, rows, stamps=stamps))]

    return build(subject_of(spec), batches, source="test", created_ms=0).reference


class Scene:
    """Topics, configuration, daemon, and the count of everything that was produced."""

    def __init__(self, kafka: Broker, folder: Path) -> None:
        self.kafka = kafka
        self.folder = folder
        self.port = free_ports()[0]
        self.sent: Counter[Partition] = Counter()
        self._producers: dict[Any, Producer] = {}
        self.models: list[dict[str, Any]] = []
        self.references: dict[str, Reference] = {}
        self.config: dict[str, Any] = {
            "kafka": {
                "bootstrap_servers": [kafka.bootstrap_servers],
                "group_id": f"faults-{self.port}",
                "idle_timeout": "1s",
            },
            "models": self.models,
            "endpoints": [],
            "state": {"directory": str(folder / "state"), "commit_every": "100ms"},
            "http": {"host": "127.0.0.1", "port": self.port},
            "telemetry": {"log_format": "json"},
        }
        self.path = folder / "driftwatch.yaml"
        self.daemon = Daemon(self.path, self.port)

    def model(
        self,
        name: str,
        changes: Mapping[str, Any] | None = None,
        *,
        partitions: int = 1,
        build: Callable[[ModelSpec], Reference] = built,
    ) -> None:
        """Watch one more model: the small one of `tests.monitor.world` with changes, on topics of its own."""
        made = merged(WRITTEN, changes or {})
        made |= {"name": name, "reference": str(self.folder / f"{name}.ref")}
        for stream in ("predictions", "labels"):
            if made.get(stream) is not None:
                made[stream]["topic"] = self.kafka.create_topic(partitions=partitions)
        self.references[name] = build(ModelSpec.model_validate(made))
        (self.folder / f"{name}.ref").write_bytes(encode(self.references[name]))
        self.models.append(made)

    def topic(self, model: str, stream: Stream = Stream.PREDICTIONS) -> str:
        (found,) = [made for made in self.models if made["name"] == model]
        return found[stream.value]["topic"]

    def sent_to(self, model: str, stream: Stream = Stream.PREDICTIONS) -> int:
        """How many records of a stream were produced."""
        topic = self.topic(model, stream)
        return sum(count for partition, count in self.sent.items() if partition.topic == topic)

    def write(self) -> None:
        self.path.write_text(yaml.safe_dump(self.config))

    def start(self) -> None:
        """Write the configuration and start the daemon; it answers when this returns."""
        self.write()
        self.daemon.start()

    def produce(self, topic: str, records: Iterable[Sent], **settings: Any) -> None:
        """Append records and wait until the broker has them."""
        producer = self._producer(settings)
        for record in records:
            stamp = {} if record.time_ms is None else {"timestamp": record.time_ms}
            producer.produce(topic, record.value, partition=record.partition, **stamp)
            self.sent[Partition(topic, record.partition)] += 1
        assert producer.flush(30) == 0, "the broker takes everything"

    def _producer(self, settings: dict[str, Any]) -> Producer:
        """One for each way to produce: a new one asks the broker for an id first."""
        key = tuple(sorted(settings.items()))
        if key not in self._producers:
            self._producers[key] = Producer(
                {
                    "enable.idempotence": True,
                    "bootstrap.servers": self.kafka.bootstrap_servers,
                    "linger.ms": 5,
                    "message.max.bytes": 32_000_000,
                    "queue.buffering.max.messages": 300_000,
                    **settings,
                }
            )
        return self._producers[key]

    def waits(self) -> str:
        """Which streams have records that are not counted yet; empty when none has. Fails if the daemon has ended."""
        assert self.daemon.pid
        answer = self.daemon.get("/api/v1/models")
        classes = {model["model"]: model["classes"] for model in answer["models"]} if answer else {}
        wanted: Counter[tuple[str, str]] = Counter()
        for made in self.models:
            for stream in Stream:
                for partition, count in self.sent.items():
                    if made.get(stream.value) and made[stream.value]["topic"] == partition.topic:
                        wanted[made["name"], stream.value] += count
        found = {
            (name, stream): sum(classes.get(name, {}).get(stream, {}).values()) for name, stream in wanted
        }
        return str({key: (found[key], count) for key, count in wanted.items() if found[key] != count} or "")

    def consumed(self, within_s: float = 120) -> None:
        """Wait until every record produced so far is counted in some class."""
        try:
            until(lambda: not self.waits(), within_s, "all records are counted")
        except TimeoutError:
            raise TimeoutError(f"after {within_s:g} s (counted, produced): {self.waits()}") from None

    def works(self) -> bool:
        """Whether the daemon has its partitions and has committed once."""
        answer = self.daemon.get("/api/v1/status")
        return bool(answer and answer["ready"] and answer["partitions"])

    def idle(self, within_s: float = 120) -> None:
        """Wait until every partition is idle, so that nothing more will be decided."""

        def all_idle() -> bool:
            status = self.daemon.get("/api/v1/status")
            partitions = status["partitions"] if status else []
            return bool(partitions) and all(partition["idle"] for partition in partitions)

        until(all_idle, within_s, "every partition is idle")

    def stop(self, *, errors: Iterable[str] = ()) -> End:
        """SIGTERM once all is consumed (F27), and what must hold then: exit code 0 within 10 s, and `end`."""
        self.consumed()
        assert self.daemon.stop(signal.SIGTERM, within_s=10) == 0
        return self.end(errors=errors)

    def end(self, *, errors: Iterable[str] = ()) -> End:
        """What the run left behind, checked: classes sum to the offsets per stream and partition (P2), log lines are
        JSON (F34), and none is an error but those named in `errors`.
        """
        checkpoint = open_checkpoint(self.folder / "state")
        try:
            saved = checkpoint.load()
        finally:
            checkpoint.close()
        end = End(saved, log_lines(self.daemon.log))
        places: list[tuple[str, int]] = msgspec.msgpack.decode(saved.states["partitions"])
        for made in self.models:
            state = msgspec.msgpack.decode(saved.states[f"{made['name']}/model"], type=ModelState)
            for stream, partitions in state.tally.items():
                for place, counts in partitions.items():
                    named = {CLASSES[code]: count for code, count in enumerate(counts) if count}
                    end.classes[made["name"], stream, places[place][1]] = named
                    partition = Partition(*places[place])
                    assert sum(counts) == saved.offsets[partition], (made["name"], partition, named)
        assert {p: n for p, n in saved.offsets.items() if n} == dict(self.sent), "every record is consumed"
        wrong = [line for line in end.lines if line["level"] in ("error", "critical")]
        assert [line for line in wrong if line["event"] not in set(errors)] == []
        self.recompute()
        return end

    def recompute(self) -> Recount:
        """O1: the topics, counted again from their first records, give what the state directory holds."""
        with tempfile.TemporaryDirectory() as folder:
            backup(self.folder / "state", Path(folder))
            checkpoint = open_checkpoint(Path(folder))
            topics = Topics(load(self.path, outside=False).configuration.kafka)
            try:
                journal = checkpoint.journal(limit=10**9)
                run = Recount(checkpoint.load(), journal, checkpoint.hash_key, topics.open)
                for _ in run.run():
                    pass
            finally:
                topics.close()
                checkpoint.close()
        assert run.comparison.same, run.comparison.first_difference
        return run

    def check(self, partitions: int) -> dict[str, Any]:
        """The plan that `driftwatch check --json` prints."""
        import subprocess
        import sys

        command = [sys.executable, "-m", "driftwatch", "check", "-c", str(self.path), "--json"]
        found = subprocess.run(
            [*command, "--partitions", str(partitions)], capture_output=True, text=True, check=True
        )
        return json.loads(found.stdout)["plan"]


def merged(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Any]:
    """Both mappings as one, deep; what is None in the second is left out."""
    made = {key: merged(value, {}) if isinstance(value, Mapping) else value for key, value in first.items()}
    for key, value in second.items():
        if value is None:
            made.pop(key, None)
        elif isinstance(value, Mapping) and isinstance(made.get(key), Mapping):
            made[key] = merged(made[key], value)
        else:
            made[key] = value
    return made


def log_lines(path: Path) -> list[dict[str, Any]]:
    """Every line of a log; each must be one JSON object."""
    lines = [json.loads(line) for line in path.read_bytes().split(b"\n") if line]
    assert all(isinstance(line, dict) for line in lines)
    return lines


def series(metrics: str, name: str, **labels: str) -> dict[str, float]:
    """The series of one metric that have these metric labels, by their text in braces."""
    found: dict[str, float] = {}
    for line in metrics.split("\n"):
        text, _, value = line.rpartition(" ")
        if text.partition("{")[0] == name and all(f'{key}="{of}"' in text for key, of in labels.items()):
            found[text[len(name) :]] = float(value)
    return found


def resident_bytes(pid: int, *, peak: bool = False) -> int:
    """Resident memory of a process now, or its greatest since `forget_peak`."""
    name = "VmHWM:" if peak else "VmRSS:"
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    (kilobytes,) = [line.split()[1] for line in lines if line.startswith(name)]
    return int(kilobytes) * 1_024


def forget_peak(pid: int) -> None:
    """Let the kernel measure the peak of resident memory anew (proc(5), clear_refs)."""
    with os.fdopen(os.open(f"/proc/{pid}/clear_refs", os.O_WRONLY), "w") as file:
        file.write("5")
