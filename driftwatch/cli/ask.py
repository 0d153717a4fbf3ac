"""Asking a running daemon to change something: where it is, its token, and what it answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlsplit

if TYPE_CHECKING:
    from driftwatch.config.spec import Configuration

TIMEOUT_S: Final = 10.0
MAX_BYTES: Final = 1_000_000


def address_of(url: str | None, configuration: Configuration) -> str:
    """Where the daemon listens: as said, or on this machine at the configured port."""
    return (url or f"http://127.0.0.1:{configuration.http.port}").rstrip("/")


def token_of(configuration: Configuration) -> str:
    """The bearer token; DriftwatchError where there is none, or it cannot be read."""
    from driftwatch.errors import DriftwatchError

    if configuration.http.token is None:
        raise DriftwatchError(
            "changing anything needs a token: write `http: {token: {file: PATH}}` and restart the daemon"
        )
    try:
        return configuration.http.token.reveal()
    except (OSError, KeyError) as error:
        raise DriftwatchError(f"http.token cannot be read here: {error}") from None


def post(address: str, body: dict[str, Any], token: str) -> Any:
    """What the daemon answers; DriftwatchError with its own words where it refuses. No proxy, no redirect."""
    from urllib.error import HTTPError
    from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

    import msgspec

    from driftwatch.errors import DriftwatchError

    class Stay(HTTPRedirectHandler):
        def redirect_request(self, *args: Any, **kwargs: Any) -> None:
            return None

    parts = urlsplit(address)
    if parts.scheme not in ("http", "https"):
        raise DriftwatchError(f"{address} does not begin with http:// or https://")
    request = Request(
        parts._replace(path=quote(parts.path)).geturl(),
        msgspec.json.encode(body),
        {"Authorization": f"Bearer {token}".encode().decode("latin-1"), "Content-Type": "application/json"},
    )
    try:
        with build_opener(ProxyHandler({}), Stay()).open(request, timeout=TIMEOUT_S) as answer:
            return msgspec.json.decode(answer.read(MAX_BYTES))
    except HTTPError as error:
        with error:
            raise DriftwatchError(_reason(error.code, error.read(MAX_BYTES))) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        raise DriftwatchError(
            f"no daemon answers at {parts.scheme}://{parts.netloc} ({reason}): start it with `driftwatch run`, or say where "
            "it is with --url"
        ) from None


def _reason(status: int, body: bytes) -> str:
    import msgspec

    try:
        return str(msgspec.json.decode(body)["message"])
    except (msgspec.MsgspecError, KeyError, TypeError):
        return f"the daemon answered {status}"
