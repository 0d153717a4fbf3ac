"""From a real broker to published metrics: the daemon catches up with a backlog, against a bare loop over the same records."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread
from typing import Any

import yaml

from driftwatch.monitor.spec import ModelSpec
from driftwatch.references.codec import encode
from tests.benchmarks.backlog import Backlog
from tests.benchmarks.figure import Figure
from tests.benchmarks.traffic import model, reference
from tests.integration.broker import Broker, free_ports
from tests.integration.daemon import Daemon
from tests.waiting import until

RATES = {"kafka-python": 140_000, "confluent": 220_000}
"""Predictions in the backlog per second that the run is to last: above what was ever measured."""
SCRAPE_EVERY_S = 15.0
LOOK_EVERY_S = 0.5
WITHIN_S = 1_800.0


@dataclass
class CatchUp:
    """One run of the daemon over the whole backlog, from its first commit to its last."""

    records: int = 0
    seconds: float = 0.0
    cpu_s: float = 0.0
    rss_mib: list[float] = field(default_factory=list)
    classes: dict[str, int] = field(default_factory=dict)
    scrapes_s: list[float] = field(default_factory=list)

    @property
    def per_s(self) -> float:
        return self.records / self.seconds

    @property
    def steady_rss_mib(self) -> list[float]:
        """Without the first fifth, in which caches fill."""
        return self.rss_mib[len(self.rss_mib) // 5 :]


class Bench:
    """Broker and backlog of one run of the benchmarks; every catch-up and bare loop is measured once."""

    def __init__(self, kafka: Broker, seconds: float) -> None:
        self._seconds = seconds
        self._backlog = Backlog(kafka)
        self._runs: dict[str, tuple[CatchUp, float, float]] = {}

    def against_bare(self, client: str) -> tuple[CatchUp, float, float]:
        """(the daemon's run, records/s and records per CPU second of the bare loop), half of it before, half after."""
        if client not in self._runs:
            predictions = int(RATES[client] * self._seconds)
            self._backlog.grow(max(predictions, self._backlog.records[self._backlog.predictions]))
            before = self._bare(client)
            run = self._catch_up(client)
            after = self._bare(client)
            records = before["records"] + after["records"]
            self._runs[client] = (
                run,
                records / (before["seconds"] + after["seconds"]),
                records / (before["cpu_s"] + after["cpu_s"]),
            )
        return self._runs[client]

    def _bare(self, client: str) -> dict[str, float]:
        backlog = self._backlog
        command = [sys.executable, "-m", "tests.benchmarks.bare_loops", client, backlog.bootstrap]
        told = subprocess.run(
            [*command, backlog.predictions, backlog.labels, str(backlog.total)],
            check=True,
            capture_output=True,
            timeout=WITHIN_S,
        )
        return json.loads(told.stdout)

    def _catch_up(self, client: str) -> CatchUp:
        with tempfile.TemporaryDirectory(prefix="driftwatch-bench-") as folder:
            daemon = self._daemon(Path(folder), client)
            try:
                daemon.start()
                run = watch(daemon, self._backlog.total)
                daemon.stop(within_s=60)
            finally:
                daemon.close()
        return run

    def _daemon(self, folder: Path, client: str) -> Daemon:
        backlog = self._backlog
        declared = model()
        spec = ModelSpec.model_validate(declared)
        (folder / "credit.ref").write_bytes(encode(reference(spec)))
        declared["predictions"]["topic"] = backlog.predictions
        declared["labels"]["topic"] = backlog.labels
        port = free_ports()[0]
        config = {
            "kafka": {
                "bootstrap_servers": [backlog.bootstrap],
                "group_id": f"{backlog.predictions}-{client}",
                "client": client,
            },
            "models": [declared],
            "state": {"directory": str(folder / "state"), "commit_every": "1s"},
            "http": {"host": "127.0.0.1", "port": port},
            "telemetry": {"log_format": "json"},
        }
        path = folder / "driftwatch.yaml"
        path.write_text(yaml.safe_dump(config))
        return Daemon(path, port)


def watch(daemon: Daemon, total: int) -> CatchUp:
    """Look at the daemon until it has counted everything; meanwhile scrape its metrics as Prometheus would."""
    run, marks = CatchUp(), []

    def look() -> bool:
        run.classes = _classes(daemon.get("/api/v1/models"))
        run.rss_mib.append(_status_mib(daemon.pid, "VmRSS"))
        marks.append((time.perf_counter(), sum(run.classes.values()), _cpu_s(daemon.pid)))
        return marks[-1][1] >= total

    ended = Event()
    scraper = Thread(target=_scrape, args=(daemon, ended, run.scrapes_s), daemon=True)
    scraper.start()
    try:
        until(look, within_s=WITHIN_S, what=f"all {total} records are counted", every_s=LOOK_EVERY_S)
    finally:
        ended.set()
        scraper.join()
    first = next(mark for mark in marks if mark[1])
    run.seconds, run.records, run.cpu_s = (last - then for last, then in zip(marks[-1], first, strict=True))
    return run


def _scrape(daemon: Daemon, ended: Event, took_s: list[float]) -> None:
    while not ended.wait(SCRAPE_EVERY_S):
        started = time.perf_counter()
        daemon.get("/metrics")
        took_s.append(round(time.perf_counter() - started, 3))


def _classes(answer: Any) -> dict[str, int]:
    """Records by stream and class."""
    if not answer or not answer["models"]:
        return {}
    by_stream = answer["models"][0]["classes"]
    return {f"{s} {why}": n for s, counts in by_stream.items() for why, n in counts.items() if n}


def _status_mib(pid: int, key: str) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1_024 for line in lines if line.startswith(key))


def _cpu_s(pid: int) -> float:
    """User and system time of the process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def ratio_figure(key: str, client: str, goal: float, what: str) -> Callable[[Bench], Figure]:
    """The daemon's records per second over the bare loop's."""

    def measure(bench: Bench) -> Figure:
        run, bare, bare_per_cpu_s = bench.against_bare(client)
        ratio = run.per_s / bare
        details = {
            "records": run.records,
            "seconds": round(run.seconds, 1),
            "classes": run.classes,
            "per_cpu_s": round(run.records / run.cpu_s),
            "bare_per_cpu_s": round(bare_per_cpu_s),
            "cpu_ratio": round(run.records / run.cpu_s / bare_per_cpu_s, 3),
            "rss_mib_max": round(max(run.rss_mib), 1),
            "scrapes_s": run.scrapes_s,
        }
        return Figure(key, ratio, "", what, goal, product=run.per_s, bare=bare, ratio=ratio, details=details)

    return measure


def rss_figure(bench: Bench) -> Figure:
    """The largest resident memory of the daemon in the steady part of its catch-up."""
    run, _, _ = bench.against_bare("kafka-python")
    steady = run.steady_rss_mib
    details = {"median": round(statistics.median(steady), 1), "start": round(run.rss_mib[0], 1)}
    what = "resident memory of the daemon at full load: 20 features, 50 slices, 1 h + 1 d"
    return Figure("rss_mib", max(steady), "MiB", what, 128, more_is_better=False, details=details)
