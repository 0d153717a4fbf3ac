"""200 scrapes at once, readers that do not read, thousands of connections that say nothing (F33): records are counted all the while."""

from __future__ import annotations

import resource
import socket
import threading
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.faults.load import Load
from tests.faults.scene import Scene, resident_bytes
from tests.integration.broker import Broker
from tests.integration.receiver import Receiver
from tests.waiting import until

pytestmark = pytest.mark.slow

SCRAPERS = 200
SLOW = 50
MEASURED = 3_000


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as running:
        yield running


@pytest.mark.parametrize("idle", [1_000, pytest.param(10_000, marks=pytest.mark.full)])
def test_f33_scrapers_slow_readers_and_idle_connections(
    kafka: Broker, receiver: Receiver, tmp_path: Path, idle: int
) -> None:
    if resource.getrlimit(resource.RLIMIT_NOFILE)[0] < idle + 500:
        pytest.skip(f"this process may not open {idle} connections: raise `ulimit -n`")
    scene = Scene(kafka, tmp_path)
    load = Load(scene, receiver)
    load.send(800)
    try:
        scene.start()
        scene.consumed()
        before = resident_bytes(scene.daemon.pid)
        with ExitStack() as stack, load.flowing():
            connections = [stack.enter_context(connected(scene.port)) for _ in range(idle)]
            for one in connections[:SLOW]:
                one.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
            found = scraped(scene.port)
            sent = len(load.rows.x)
            until(lambda: offsets(scene) > sent, 120, "records are counted meanwhile")
            drop = ingest_drop(scene, load) if idle > 1_000 else None
            grown = resident_bytes(scene.daemon.pid) - before
            ended = sum(map(closed, connections))
        load.settle()
        figures = load.check(scene.stop())
    finally:
        scene.daemon.close()
    assert set(found) <= {200, 503}
    assert found[200] > 0
    assert ended >= idle - 512, "a limit of connections"
    assert grown < 100_000_000
    assert drop is None or drop < 0.05
    print(
        f"F33 {figures}, ingest drops by {drop or 0:.1%}, answers {dict(found)}, {ended} of {idle} closed, grown by {grown / 2**20:.0f} MiB"
    )


def ingest_drop(scene: Scene, load: Load) -> float:
    """By how much less of what is sent is counted while 200 scrape all the time than while nobody does, in this run."""
    calm = share_counted(scene, load)
    stop = threading.Event()

    def scrape() -> None:
        while not stop.is_set():
            scraped(scene.port)

    scraping = threading.Thread(target=scrape)
    scraping.start()
    try:
        return 1 - share_counted(scene, load) / calm
    finally:
        stop.set()
        scraping.join(120)


def share_counted(scene: Scene, load: Load) -> float:
    """Records counted ÷ records sent, over the next `MEASURED` that are sent."""
    sent, counted = len(load.rows.x), until(lambda: offsets(scene), 120, "it answers")
    until(lambda: len(load.rows.x) >= sent + MEASURED, 300, "so many are sent")
    done = until(lambda: offsets(scene), 120, "it answers")
    return (done - counted) / (len(load.rows.x) - sent)


def connected(port: int) -> socket.socket:
    made = socket.create_connection(("127.0.0.1", port), timeout=120)
    made.setblocking(False)
    return made


def closed(connection: socket.socket) -> bool:
    """Whether the other side has ended it; what it has sent is not read."""
    try:
        return connection.recv(1, socket.MSG_PEEK) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


def scraped(port: int) -> Counter[int]:
    """All at the same moment, each until it has an answer."""
    together = threading.Barrier(SCRAPERS)

    def scrape(_: int) -> int:
        together.wait(120)
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=120) as answer:
                answer.read()
                return answer.status
        except urllib.error.HTTPError as error:
            with error:
                return error.code

    with ThreadPoolExecutor(SCRAPERS) as pool:
        return Counter(pool.map(scrape, range(SCRAPERS)))


def offsets(scene: Scene) -> int:
    answer = scene.daemon.get("/api/v1/status")
    return sum(one["offset"] for one in answer["partitions"]) // 2 if answer else 0
