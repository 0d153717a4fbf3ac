"""A long run at half of what the daemon can do, with labels, slow scrapes and a dead endpoint: everything stays flat.

python -m tests.faults.soak --minutes 30
"""

from __future__ import annotations

import argparse
import json
import socket
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import yaml

from driftwatch.alerts.notifications import OutboxRow
from driftwatch.monitor.changes import Changes
from driftwatch.monitor.spec import ModelSpec
from driftwatch.references.codec import encode
from driftwatch.storage.directory import CHECKPOINT_FILE, DELIVERIES_FILE
from driftwatch.storage.sqlite import open_checkpoint
from tests.benchmarks.backlog import Backlog
from tests.benchmarks.traffic import model, reference
from tests.faults.scene import resident_bytes
from tests.integration.broker import Broker, free_ports
from tests.integration.daemon import Daemon
from tests.integration.receiver import SECRET
from tests.waiting import until

MIB = 2**20
PORTION_S = 0.5
SLOW_READERS = 5
QUEUED = 1_000


@dataclass(frozen=True)
class Sample:
    """What was seen at one moment."""

    at_s: float
    rss_mib: float
    checkpoint_mib: float
    log_mib: float
    deliveries_mib: float
    open_panes: int
    lag: int
    commit_s: float
    pending: int
    """Notifications that the dead endpoint did not take."""


@dataclass(frozen=True)
class Soaked:
    """The run: the daemon's capacity, the rate it was given, and its samples."""

    capacity_per_s: float
    rate_per_s: float
    records: int
    samples: list[Sample]

    def quarter(self, number: int, of: Callable[[Sample], float]) -> float:
        """Median of one quarter of the run, 1 to 4."""
        size = max(1, len(self.samples) // 4)
        return statistics.median(map(of, self.samples[(number - 1) * size : number * size] or self.samples))

    def before_and_after(self) -> dict[str, tuple[float, float]]:
        """Medians of the second and of the last quarter: in the first one caches and windows fill."""
        names = ("rss_mib", "checkpoint_mib", "log_mib", "deliveries_mib", "open_panes", "lag", "commit_s")
        return {
            name: (
                self.quarter(2, lambda s, n=name: getattr(s, n)),
                self.quarter(4, lambda s, n=name: getattr(s, n)),
            )
            for name in names
        }


class Soak:
    """A broker's topics, a daemon, and all that is done to it."""

    def __init__(self, kafka: Broker, folder: Path) -> None:
        self._backlog = Backlog(kafka)
        self._state = folder / "state"
        declared = model()
        declared["labels"]["max_delay"] = (
            "15m"  # event time: the join tables are full before a quarter of a long run is over
        )
        spec = ModelSpec.model_validate(declared)
        (folder / "credit.ref").write_bytes(encode(reference(spec)))
        (folder / "secret").write_text(SECRET)
        declared["predictions"]["topic"] = self._backlog.predictions
        declared["labels"]["topic"] = self._backlog.labels
        self._port = free_ports()[0]
        with socket.create_server(("127.0.0.1", 0)) as nobody:
            dead = nobody.getsockname()[1]
        config = {
            "kafka": {"bootstrap_servers": [self._backlog.bootstrap], "group_id": self._backlog.predictions},
            "models": [declared],
            "endpoints": [
                {
                    "name": "dead",
                    "url": f"http://127.0.0.1:{dead}/",
                    "secret": {"file": str(folder / "secret")},
                    "allow_networks": ["127.0.0.0/8"],
                    "on": ["alert", "retrain"],
                }
            ],
            "state": {"directory": str(self._state), "commit_every": "1s"},
            "http": {"host": "127.0.0.1", "port": self._port},
            "telemetry": {"log_format": "json"},
        }
        path = folder / "driftwatch.yaml"
        path.write_text(yaml.safe_dump(config))
        self._daemon = Daemon(path, self._port)
        self._queue()

    def _queue(self) -> None:
        """Notifications that wait for the dead endpoint from the first second to the last."""
        checkpoint = open_checkpoint(self._state)
        checkpoint.load()
        checkpoint.commit(
            Changes(
                outbox=[
                    OutboxRow(
                        f"msg_{n}", "dead", "alert.firing", f"subject {n}", n, b'{"type":"alert.firing"}'
                    )
                    for n in range(QUEUED)
                ]
            )
        )
        checkpoint.close()

    def run(self, seconds: float, backlog: int) -> Soaked:
        """First a backlog of so many predictions for the capacity, then half of it for so long."""
        self._backlog.grow(backlog)
        try:
            started_s = time.perf_counter()
            self._daemon.start()
            until(lambda: self._counted() >= self._backlog.total, 600, "the backlog is counted")
            capacity = self._backlog.total / (time.perf_counter() - started_s)
            samples: list[Sample] = []
            with slow_scrapes(self._port):
                self._feed(seconds, capacity / 2, samples)
            until(lambda: self._counted() >= self._backlog.total, 600, "everything is counted")
            assert self._daemon.stop(within_s=30) == 0
            wrong = [line for line in self._daemon.lines() if line["level"] in ("error", "critical")]
            assert not wrong, wrong[:3]
        finally:
            self._daemon.close()
        return Soaked(capacity, capacity / 2, self._backlog.total, samples)

    def _feed(self, seconds: float, per_s: float, samples: list[Sample]) -> None:
        share = self._backlog.records[self._backlog.predictions] / self._backlog.total
        pause, started_s = threading.Event(), time.perf_counter()
        first = self._backlog.records[self._backlog.predictions]
        while (now_s := time.perf_counter() - started_s) < seconds:
            self._backlog.grow(first + int(now_s * per_s * share))
            if (sample := self._sample(now_s)) is not None:
                samples.append(sample)
            pause.wait(PORTION_S)

    def _sample(self, at_s: float) -> Sample | None:
        status = self._daemon.get("/api/v1/status")
        if status is None:
            return None
        return Sample(
            at_s=round(at_s, 1),
            rss_mib=resident_bytes(self._daemon.pid) / MIB,
            checkpoint_mib=self._size_mib(CHECKPOINT_FILE),
            log_mib=self._size_mib(f"{CHECKPOINT_FILE}-wal"),
            deliveries_mib=self._size_mib(DELIVERIES_FILE) + self._size_mib(f"{DELIVERIES_FILE}-wal"),
            open_panes=status["open_panes"],
            lag=sum(one["lag"] or 0 for one in status["partitions"]),
            commit_s=status["last_commit_duration_s"],
            pending=status["endpoints"][0]["pending"],
        )

    def _size_mib(self, name: str) -> float:
        path = self._state / name
        return path.stat().st_size / MIB if path.exists() else 0.0

    def _counted(self) -> int:
        answer: Any = self._daemon.get("/api/v1/models")
        models = answer["models"] if answer else []
        return sum(sum(counts.values()) for made in models for counts in made["classes"].values())


@contextmanager
def slow_scrapes(port: int) -> Iterator[None]:
    """Clients that ask for all metrics and read them byte by byte, again and again."""
    stop = threading.Event()

    def scrape() -> None:
        while not stop.is_set():
            try:
                with socket.create_connection(("127.0.0.1", port), timeout=5) as client:
                    client.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                    while not stop.is_set() and client.recv(512):
                        stop.wait(0.05)
            except OSError:
                stop.wait(0.2)

    threads = [threading.Thread(target=scrape) for _ in range(SLOW_READERS)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join(10)


def report(soaked: Soaked) -> str:
    """Figures before and after, for people."""
    commits = sorted(sample.commit_s for sample in soaked.samples)
    lines = [
        f"{soaked.records} records, {soaked.rate_per_s:.0f} of {soaked.capacity_per_s:.0f} records/s, {len(soaked.samples)} samples",
        f"commit: median {statistics.median(commits):.3f} s, worst {commits[-1]:.3f} s; "
        f"write-ahead log at most {max(sample.log_mib for sample in soaked.samples):.1f} MiB",
    ]
    lines += [
        f"{name}: {before:.3g} -> {after:.3g}" for name, (before, after) in soaked.before_and_after().items()
    ]
    return "\n".join(lines)


def main() -> None:
    """Run it, print the report, and write all samples beside the other figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--backlog", type=int, default=1_000_000, help="predictions for the capacity")
    parser.add_argument("--output", type=Path, default=Path("build/soak.json"))
    given = parser.parse_args()
    with Broker() as kafka, tempfile.TemporaryDirectory(prefix="driftwatch-soak-") as folder:
        soaked = Soak(kafka, Path(folder)).run(given.minutes * 60, given.backlog)
    print(report(soaked))
    given.output.parent.mkdir(exist_ok=True)
    given.output.write_text(json.dumps(asdict(soaked)))


if __name__ == "__main__":
    main()
