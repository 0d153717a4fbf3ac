"""`driftwatch status`: how a running daemon is, asked over its own HTTP port."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from driftwatch.cli.options import Json
from driftwatch.cli.paper import Paper

PORT: Final = 9464
TIMEOUT_S: Final = 5.0
MAX_BYTES: Final = 50_000_000


def status(
    url: Annotated[
        str | None,
        typer.Option(
            "--url", help="Where the daemon listens; default: this machine, the configuration's port."
        ),
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option("--config", "-c", help="Take the port from this file.", envvar="DRIFTWATCH_CONFIG"),
    ] = None,
    health: Annotated[
        bool,
        typer.Option(
            "--health", help="Say nothing; exit 0 if the process answers, 1 if not (for HEALTHCHECK)."
        ),
    ] = False,
    json: Json = False,
) -> None:
    """Ask a running daemon how it is; exit 0 if it answers, 1 if it does not."""
    address = (url or _own_address(config)).rstrip("/")
    if health:
        raise typer.Exit(0 if _alive(address) else 1)
    answer = fetch(f"{address}/api/v1/status")
    paper = Paper(json)
    if json:
        paper.json(answer)
        return
    from driftwatch.cli.show_status import show

    show(answer, address, paper)


def _own_address(config: Path | None) -> str:
    """Of the daemon on this machine: the port of the configuration, of its override, or the default."""
    port = os.environ.get("DRIFTWATCH_HTTP__PORT", "")
    if config is not None:
        from driftwatch.config.load import load

        port = str(load(config, outside=False).configuration.http.port)
    return f"http://127.0.0.1:{port if port.isascii() and port.isdigit() else PORT}"


def _alive(address: str) -> bool:
    from driftwatch.errors import DriftwatchError

    try:
        fetch(f"{address}/healthz")
    except DriftwatchError:
        return False
    return True


def fetch(address: str) -> Any:
    """The JSON behind an address on the daemon; DriftwatchError that says what to do where there is none.

    No proxy is asked and no redirect followed: the daemon is near and answers itself.
    """
    from urllib.error import HTTPError
    from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

    import msgspec

    from driftwatch.errors import DriftwatchError

    class Stay(HTTPRedirectHandler):
        def redirect_request(self, *args: Any, **kwargs: Any) -> None:
            return None

    try:
        if not address.startswith(("http://", "https://")):
            raise ValueError("it does not begin with http:// or https://")
        opener = build_opener(ProxyHandler({}), Stay())
        with opener.open(
            Request(address, headers={"Accept": "application/json"}), timeout=TIMEOUT_S
        ) as answer:
            return msgspec.json.decode(answer.read(MAX_BYTES))
    except HTTPError as error:
        error.close()
        raise DriftwatchError(
            f"{address} answered {error.code} {error.reason}: is that a driftwatch daemon?"
        ) from None
    except (OSError, ValueError, msgspec.DecodeError) as error:
        reason = getattr(error, "reason", None) or error
        raise DriftwatchError(
            f"no daemon answers at {address} ({reason}): start it with `driftwatch run`, or say where it is with --url"
        ) from None
