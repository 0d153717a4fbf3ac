"""An HTTP application over a board that tests fill, as the app wires it."""

from __future__ import annotations

import queue
from concurrent.futures import Future
from dataclasses import dataclass, field

from starlette.testclient import TestClient
from starlette.types import ASGIApp

from driftwatch.monitor.accepting import Accept
from driftwatch.telemetry.accepting import Accepting
from driftwatch.telemetry.acknowledge import Acknowledging
from driftwatch.telemetry.board import Board
from driftwatch.telemetry.collector import PictureCollector, Scrapes
from driftwatch.telemetry.counts import Counts
from driftwatch.telemetry.reloading import Reloading
from driftwatch.telemetry.web import application
from tests.telemetry import pictures

TOKEN = "s3cret-tökén"


def clock() -> float:
    return 1.0


@dataclass
class Daemon:
    """A board with one commit, and a loop that answers acknowledgements as the test says."""

    token: str | None = TOKEN
    outcome: str | None = "acknowledged"
    """None: the commit that decides it never comes."""
    full: bool = False
    wait_s: float = 5.0
    refused: str | None = ""
    """What the loop says of a reload; None: nothing yet."""
    asked: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    accepts: list[Accept] = field(default_factory=list[Accept])
    reloads: int = 0

    def __post_init__(self) -> None:
        self.board = Board(pictures.health())
        self.board.publish(pictures.snapshot(), Counts())

    def submit(self, episode: str, by: str) -> Future[str]:
        if self.full:
            raise queue.Full
        self.asked.append((episode, by))
        future: Future[str] = Future()
        if self.outcome is not None:
            future.set_result(self.outcome)
        return future

    def submit_accept(self, asked: Accept) -> Future[str]:
        if self.full:
            raise queue.Full
        self.accepts.append(asked)
        future: Future[str] = Future()
        if self.outcome is not None:
            future.set_result(self.outcome)
        return future

    def submit_reload(self) -> Future[str]:
        if self.full:
            raise queue.Full
        self.reloads += 1
        future: Future[str] = Future()
        if self.refused is not None:
            future.set_result(self.refused)
        return future

    def read_token(self) -> str | None:
        if self.token == "unreadable":
            raise OSError("no such file")
        return self.token

    @property
    def app(self) -> ASGIApp:
        acknowledging = Acknowledging(self.read_token, self.submit, self.wait_s)
        reloading = Reloading(self.read_token, self.submit_reload, self.wait_s)
        accepting = Accepting(self.read_token, self.board, self.submit_accept, self.wait_s)
        scrapes = Scrapes(PictureCollector(self.board, 50_000, clock), clock)
        return application(self.board, scrapes, acknowledging, accepting, reloading, clock)

    def client(self) -> TestClient:
        return TestClient(self.app, base_url="http://daemon:9464", raise_server_exceptions=False)
