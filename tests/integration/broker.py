"""A real Kafka broker for tests and benchmarks: one node in KRaft mode on free ports, stopped by its process id.

`DRIFTWATCH_TEST_KAFKA=host:port` names a running broker to use instead; it is never stopped or killed.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import uuid
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.waiting import until

JARS = Path(__file__).resolve().parents[2] / "build" / "kafka" / "libs"
READY_LINE = "Kafka Server started"
READY_WITHIN_S = 60
PORT_TAKEN = "Address already in use"

# One partition each for the inner topics, no rebalance delay, nothing expires (event times lie in the past),
# and any record time and size up to 32 MiB: what a test sends is the daemon's matter, not the broker's.
SETTINGS = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "inter.broker.listener.name": "PLAINTEXT",
    "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "auto.create.topics.enable": "false",
    "default.replication.factor": "1",
    "offsets.topic.num.partitions": "1",
    "offsets.topic.replication.factor": "1",
    "transaction.state.log.num.partitions": "1",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "group.initial.rebalance.delay.ms": "0",
    "group.min.session.timeout.ms": "1000",
    "log.retention.ms": "-1",
    "log.message.timestamp.after.max.ms": str(2**63 - 1),
    "message.max.bytes": str(32 * 2**20),
    "socket.request.max.bytes": str(64 * 2**20),
    "log.cleaner.dedupe.buffer.size": str(4 * 2**20),
    "controlled.shutdown.enable": "false",
    "broker.heartbeat.interval.ms": "500",
    "broker.session.timeout.ms": "3000",  # after a kill the node may register again only when this is over
}

LOGGING = """\
appenders = out
appender.out.type = Console
appender.out.name = out
appender.out.layout.type = PatternLayout
appender.out.layout.pattern = %d %p %c{1}: %m%n
rootLogger.level = WARN
rootLogger.appenderRefs = out
rootLogger.appenderRef.out.ref = out
logger.server.name = kafka.server.KafkaRaftServer
logger.server.level = INFO
"""


class NotManaged(RuntimeError):
    """The broker was named by DRIFTWATCH_TEST_KAFKA: a test may use it, but not stop or kill it."""


class Broker:
    """A broker with a life of its own: `start`, `stop` (SIGTERM), `kill` (SIGKILL), `restart` on the same data."""

    def __init__(self, settings: Mapping[str, str] | None = None) -> None:
        self._named = os.environ.get("DRIFTWATCH_TEST_KAFKA") or None
        self._settings = dict(settings or {})
        self._process: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None
        self._lines: list[str] = []
        self._ready = threading.Event()
        self._ports: tuple[int, int] | None = None
        self._directory: Path | None = None

    @staticmethod
    def missing() -> str | None:
        """Say what this machine lacks to run a broker, or None."""
        if os.environ.get("DRIFTWATCH_TEST_KAFKA"):
            return None
        if _java() is None:
            return "no java: install Java 17 or name a broker in DRIFTWATCH_TEST_KAFKA"
        if not any(JARS.glob("kafka_*.jar")):
            return "no Kafka jars: run `make kafka` (needs Maven) or name a broker in DRIFTWATCH_TEST_KAFKA"
        return None

    @property
    def managed(self) -> bool:
        """True if this object started the broker and may stop it."""
        return self._named is None

    @property
    def bootstrap_servers(self) -> str:
        """`host:port`, the same after every restart."""
        if self._named is not None:
            return self._named
        if self._ports is None:
            raise RuntimeError("the broker was not started yet")
        return f"127.0.0.1:{self._ports[0]}"

    @property
    def directory(self) -> Path:
        """Where the broker keeps its data, made at the first start and removed by `stop(remove=True)`."""
        if self._directory is None:
            raise NotManaged("a named broker has no directory here")
        return self._directory

    @property
    def pid(self) -> int:
        """The id of the running process."""
        return self._running().pid

    @property
    def log(self) -> str:
        """What the broker has written so far."""
        return "".join(self._lines)

    def start(self) -> Self:
        """Start and wait until the broker answers; a port taken by someone else in between is chosen again."""
        if not self.managed:
            return self
        if (reason := self.missing()) is not None:
            raise RuntimeError(reason)
        first = self._ports is None
        for attempt in range(5 if first else 1):
            if first:
                self._format(attempt)
            if self._launch():
                return self
            if PORT_TAKEN not in self.log:
                break
        raise RuntimeError(f"Kafka did not start:\n{self.log[-4000:]}")

    def stop(self, *, remove: bool = True) -> None:
        """Stop in good order (SIGTERM, after 20 s SIGKILL) and remove the data unless told to keep it."""
        if not self.managed:
            return
        self._end(signal.SIGTERM)
        if remove and self._directory is not None:
            shutil.rmtree(self._directory, ignore_errors=True)
            self._directory = None
            self._ports = None

    def kill(self) -> None:
        """End the process without warning, as a power cut does to a process; the data stay."""
        self._running()
        self._end(signal.SIGKILL)

    def restart(self) -> Self:
        """Start again on the same data and port, after `kill`, `stop(remove=False)` or while running."""
        if not self.managed:
            raise NotManaged("a named broker is not restarted by tests")
        if self._process is not None:
            self.stop(remove=False)
        return self.start()

    def pause(self) -> None:
        """Freeze the process (SIGSTOP): connections stay open and nobody answers."""
        os.kill(self._running().pid, signal.SIGSTOP)

    def resume(self) -> None:
        """Let a frozen process go on."""
        os.kill(self._running().pid, signal.SIGCONT)

    def create_topic(
        self, name: str | None = None, partitions: int = 1, settings: Mapping[str, str] | None = None
    ) -> str:
        """Create a topic, wait until every partition has a leader and return its name (made up if not given)."""
        from kafka import KafkaAdminClient  # here, so that fast tests do not load it

        name = name or f"topic-{uuid.uuid4().hex[:12]}"
        topic = {"num_partitions": partitions, "replication_factor": 1, "configs": dict(settings or {})}
        admin = KafkaAdminClient(bootstrap_servers=self.bootstrap_servers)
        try:
            admin.create_topics({name: topic}, wait_for_metadata=True)
        finally:
            admin.close()
        return name

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _running(self) -> subprocess.Popen[str]:
        if not self.managed:
            raise NotManaged("a named broker is not touched by tests")
        if self._process is None:
            raise RuntimeError("the broker is not running")
        return self._process

    def _format(self, attempt: int) -> None:
        """Write the configuration on free ports and an empty log directory with a new cluster id."""
        if self._directory is None:
            self._directory = Path(tempfile.mkdtemp(prefix="driftwatch-kafka-"))
        client, controller = self._ports = free_ports()
        data = self._directory / f"data-{attempt}"
        settings = SETTINGS | {
            "listeners": f"PLAINTEXT://127.0.0.1:{client},CONTROLLER://127.0.0.1:{controller}",
            "advertised.listeners": f"PLAINTEXT://127.0.0.1:{client}",
            "controller.quorum.voters": f"1@127.0.0.1:{controller}",
            "log.dirs": str(data),
        }
        settings |= self._settings
        lines = "".join(f"{key}={value}\n" for key, value in settings.items())
        (self._directory / "server.properties").write_text(lines)
        (self._directory / "log4j2.properties").write_text(LOGGING)
        cluster = f"driftwatch-{uuid.uuid4().hex[:11]}"
        formatted = subprocess.run(
            self._java("kafka.tools.StorageTool", "format", "-t", cluster, "-c", "server.properties"),
            cwd=self._directory,
            capture_output=True,
            text=True,
            check=False,
        )
        if formatted.returncode != 0:
            raise RuntimeError(f"Kafka could not format its directory:\n{formatted.stdout}{formatted.stderr}")

    def _launch(self) -> bool:
        """Start the process; True when it is ready, False when it ended or stayed silent too long."""
        self._lines = []
        self._ready = threading.Event()
        process = subprocess.Popen(
            [*_dies_with_parent(), *self._java("kafka.Kafka", "server.properties")],
            cwd=self.directory,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,  # a Ctrl-C at the terminal leaves the order of stopping to the tests
        )
        self._process = process
        self._reader = threading.Thread(target=self._read, args=(process, self._ready), daemon=True)
        self._reader.start()
        try:
            until(lambda: self._ready.is_set() or process.poll() is not None, READY_WITHIN_S, READY_LINE)
        except TimeoutError:
            self._end(signal.SIGKILL)
            return False
        if process.poll() is None:
            return True
        self._end(signal.SIGKILL)
        return False

    def _read(self, process: subprocess.Popen[str], ready: threading.Event) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            self._lines.append(line)
            if READY_LINE in line:
                ready.set()

    def _end(self, sign: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if process.poll() is None:
            process.send_signal(sign)
            process.send_signal(signal.SIGCONT)  # a frozen process cannot end
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if self._reader is not None:
            self._reader.join()
        if process.stdout is not None:
            process.stdout.close()

    def _java(self, main: str, *arguments: str) -> list[str]:
        java = _java()
        assert java is not None
        return [
            java,
            "-Xmx512m",
            "-XX:+UseSerialGC",
            "-Dlog4j2.configurationFile=log4j2.properties",
            "-cp",
            f"{JARS}/*",
            main,
            *arguments,
        ]


def free_ports() -> tuple[int, int]:
    """Return two ports that nobody listens on at this moment."""
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as two:
        return one.getsockname()[1], two.getsockname()[1]


def _java() -> str | None:
    home = os.environ.get("JAVA_HOME")
    if home and (found := shutil.which("java", path=str(Path(home) / "bin"))):
        return found
    return shutil.which("java")


def _dies_with_parent() -> list[str]:
    """Let the kernel end the broker if the test run itself is killed.

    The kernel watches the thread that starts the process, so this holds for the main thread only.
    """
    setpriv = shutil.which("setpriv")
    if setpriv is None or threading.current_thread() is not threading.main_thread():
        return []
    return [setpriv, "--pdeathsig", "KILL", "--"]
