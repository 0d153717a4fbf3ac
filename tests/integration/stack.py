"""The stack of compose.yaml as processes: the shipped configuration files with other addresses and a quicker clock."""

from __future__ import annotations

import itertools
import json
import shutil
import subprocess
import sys
import urllib.parse
import urllib.request
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import yaml

from tests.deploy import documents
from tests.deploy.commands import ROOT
from tests.integration.broker import Broker, free_ports
from tests.integration.processes import Process, program
from tests.waiting import until

DEPLOY = ROOT / "deploy"
HOST = "127.0.0.1"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
SCRAPE_S = 1


class Stack:
    """Kafka is there already; this starts receiver, Alertmanager, Prometheus and driftwatch, in this order."""

    def __init__(self, folder: Path, kafka: Broker, models: list[dict[str, Any]]) -> None:
        self._folder, self._kafka = folder, kafka
        (self.daemon_port, self.receiver_port), (self.prometheus_port, self.alertmanager_port) = (
            free_ports(),
            free_ports(),
        )
        self.topics: dict[str, str] = {}
        self.configuration = self._driftwatch(models)
        self._running = ExitStack()

    def __enter__(self) -> Self:
        try:
            for process in (self._receiver, self._alertmanager, self._prometheus, self._daemon):
                self._running.enter_context(process())
            until(lambda: self._answers(self.prometheus_port, "/-/ready"), 30, "Prometheus is ready")
            until(lambda: self._answers(self.alertmanager_port, "/-/ready"), 30, "Alertmanager is ready")
        except BaseException:
            self._running.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._running.close()

    def ask(
        self, query: str, start_s: float | None = None, end_s: float | None = None
    ) -> list[dict[str, Any]]:
        """Series of an instant query, or of a range query with a step of one scrape; fails with what Prometheus says."""
        asked: dict[str, Any] = {"query": query}
        path = "/api/v1/query"
        if start_s is not None:
            path, asked = "/api/v1/query_range", {**asked, "start": start_s, "end": end_s, "step": SCRAPE_S}
        data = urllib.parse.urlencode(asked).encode()
        request = urllib.request.Request(f"http://{HOST}:{self.prometheus_port}{path}", data=data)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                found = json.loads(answer.read())["data"]
        except urllib.error.HTTPError as error:
            with error:
                raise AssertionError(f"{query}\n{error.read().decode()}") from error
        assert found["resultType"] == ("matrix" if start_s is not None else "vector") or not found["result"]
        return (
            found["result"] if found["resultType"] != "scalar" else [{"metric": {}, "value": found["result"]}]
        )

    def offsets(self) -> dict[str, int]:
        """By topic the next offset of the daemon's last commit; empty while it does not answer."""
        try:
            with urllib.request.urlopen(
                f"http://{HOST}:{self.daemon_port}/api/v1/status", timeout=5
            ) as answer:
                partitions = json.loads(answer.read())["partitions"]
        except OSError:
            return {}
        return {partition["topic"]: partition["offset"] for partition in partitions}

    def alerts(self) -> list[dict[str, Any]]:
        """What Alertmanager holds."""
        url = f"http://{HOST}:{self.alertmanager_port}/api/v2/alerts"
        with urllib.request.urlopen(url, timeout=10) as answer:
            return json.loads(answer.read())

    def amtool(self, *arguments: str) -> str:
        """What amtool says."""
        url = f"--alertmanager.url=http://{HOST}:{self.alertmanager_port}"
        command = [program("amtool"), url, *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    def received(self, path: str) -> list[dict[str, Any]]:
        """Bodies that the shipped receiver has printed for a path, in order."""
        lines = self._receiver_log.read_text("utf-8", "replace").splitlines()
        pairs = itertools.pairwise(lines)
        return [json.loads(body) for head, body in pairs if head.startswith(f"POST {path} ")]

    def _answers(self, port: int, path: str) -> bool:
        try:
            with urllib.request.urlopen(f"http://{HOST}:{port}{path}", timeout=5) as answer:
                return answer.status == 200
        except OSError:
            return False

    def _receiver(self) -> Process:
        self._receiver_log = self._folder / "receiver.log"
        return Process(self._receiver_log, sys.executable, DEPLOY / "receiver.py", str(self.receiver_port))

    def _alertmanager(self) -> Process:
        config = self._written(
            DEPLOY / "alertmanager" / "alertmanager.yml",
            {
                "receiver:8080": f"{HOST}:{self.receiver_port}",
                "group_wait: 10s": "group_wait: 1s",
                "group_interval: 1m": "group_interval: 1s",
            },
        )
        return Process(
            self._folder / "alertmanager.log",
            program("prometheus-alertmanager", "alertmanager"),
            f"--config.file={config}",
            f"--storage.path={self._folder / 'alertmanager'}",
            f"--web.listen-address={HOST}:{self.alertmanager_port}",
            "--cluster.listen-address=",
        )

    def _prometheus(self) -> Process:
        config = self._written(
            DEPLOY / "prometheus" / "prometheus.yml",
            {
                "driftwatch:9464": f"{HOST}:{self.daemon_port}",
                "alertmanager:9093": f"{HOST}:{self.alertmanager_port}",
                "localhost:9090": f"{HOST}:{self.prometheus_port}",
                "scrape_interval: 15s": f"scrape_interval: {SCRAPE_S}s",
                "evaluation_interval: 15s": "evaluation_interval: 1s",
            },
        )
        shutil.copytree(DEPLOY / "prometheus" / "rules", self._folder / "rules")
        return Process(
            self._folder / "prometheus.log",
            program("prometheus"),
            f"--config.file={config}",
            f"--storage.tsdb.path={self._folder / 'prometheus'}",
            f"--web.listen-address={HOST}:{self.prometheus_port}",
        )

    def _daemon(self) -> Process:
        path = self._folder / "driftwatch.yaml"
        path.write_text(yaml.safe_dump(self.configuration), "utf-8")
        environment = {
            "DRIFTWATCH_SLACK_URL": f"http://{HOST}:{self.receiver_port}/slack",
            "DRIFTWATCH_RETRAIN_URL": f"http://{HOST}:{self.receiver_port}/retrain",
            "DRIFTWATCH_RETRAIN_SECRET": SECRET,
            "DRIFTWATCH_HTTP__HOST": HOST,
            "DRIFTWATCH_HTTP__PORT": str(self.daemon_port),
            "DRIFTWATCH_STATE__COMMIT_EVERY": "200ms",
            "DRIFTWATCH_STATE__DIRECTORY": str(self._folder / "state"),
        }
        command = (sys.executable, "-m", "driftwatch", "run", "-c", path)
        return Process(self._folder / "driftwatch.log", *command, environment=environment)

    def _driftwatch(self, models: list[dict[str, Any]]) -> dict[str, Any]:
        """deploy/driftwatch.yaml with the broker's address, topics of this test, and these models beside its own."""
        configuration = documents.read(DEPLOY / "driftwatch.yaml")
        configuration["models"] += models
        for model in configuration["models"]:
            for stream in ("predictions", "labels"):
                name = model[stream]["topic"]
                model[stream]["topic"] = self.topics[name] = self._kafka.create_topic()
        configuration["kafka"] = {
            "bootstrap_servers": [self._kafka.bootstrap_servers],
            "group_id": next(iter(self.topics.values())),
        }
        for endpoint in configuration["endpoints"]:
            endpoint["allow_networks"] = ["127.0.0.0/8"]
        return configuration

    def _written(self, source: Path, replaced: dict[str, str]) -> Path:
        """A shipped file with these texts replaced, each of which must be there."""
        text = source.read_text("utf-8")
        for old, new in replaced.items():
            assert old in text, f"{source.name} has no {old!r}"
            text = text.replace(old, new)
        path = self._folder / source.name
        path.write_text(text, "utf-8")
        return path
