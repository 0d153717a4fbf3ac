"""The HTTP port put together from its parts: all that the app calls."""

from __future__ import annotations

from driftwatch.telemetry.accepting import Accepting, SubmitAccept
from driftwatch.telemetry.acknowledge import Acknowledging, Submit
from driftwatch.telemetry.board import Board
from driftwatch.telemetry.collector import PictureCollector, Scrapes
from driftwatch.telemetry.pages.sight import Deliveries
from driftwatch.telemetry.reloading import Reloading, SubmitReload
from driftwatch.telemetry.server import HttpServer
from driftwatch.telemetry.spec import HttpSpec, TelemetrySpec
from driftwatch.telemetry.web import application


def http_port(
    board: Board,
    http: HttpSpec,
    telemetry: TelemetrySpec,
    submit: Submit,
    submit_accept: SubmitAccept,
    submit_reload: SubmitReload,
    deliveries: Deliveries = lambda subject: (),
) -> HttpServer:
    """The server of one daemon, not started yet; the `submit…` hand commands to the loop, `deliveries` reads the outbox."""

    def token() -> str | None:
        """Read at use, so that a rotated file needs no restart."""
        return None if http.token is None else http.token.reveal()

    scrapes = Scrapes(PictureCollector(board, telemetry.max_series, cell_shares=telemetry.cell_shares))
    app = application(
        board,
        scrapes,
        Acknowledging(token, submit),
        Accepting(token, board, submit_accept),
        Reloading(token, submit_reload),
        deliveries=deliveries,
    )
    return HttpServer(app, http.host, http.port)
