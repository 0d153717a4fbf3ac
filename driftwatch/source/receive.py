"""How kafka-python's bytes come off the wire: in pieces of bounded size, and copied twice on the way instead of six times.

The client reads a socket 4 kB at a time for as long as there is something, joins that, cuts it, puts it into a frame,
copies the frame's part, and copies that once more (`KafkaTCPTransport._sock_recv`, `KafkaBytes.read` in 3.0.12): a
record of 20 MB was in memory six times. TLS keeps the client's own way: what the library has decrypted is not seen
by a selector.
"""

from __future__ import annotations

from typing import Any, Final

from driftwatch.source.kafka_library import KafkaBytes, KafkaTCPTransport, errors

RECEIVE_BYTES: Final = 262_144
"""Most that is taken from a socket at once; the selector says at once if there is more."""
LARGE_BYTES: Final = 4_096
"""From here on a view and one copy are cheaper than two copies."""

_stock_read: Final[Any] = KafkaBytes.read


def install_receive() -> None:
    """For all clients of this process; the caller has checked that this version was tested."""
    KafkaTCPTransport._sock_recv = receive
    KafkaBytes.read = read


def receive(transport: Any) -> tuple[bytes, Exception | None]:
    """What has arrived, at most `RECEIVE_BYTES`; or the error that ends the connection."""
    try:
        arrived = transport._sock.recv(RECEIVE_BYTES)
    except (BlockingIOError, InterruptedError):
        return b"", None
    except OSError as error:
        return b"", errors.KafkaConnectionError(error)
    return (arrived, None) if arrived else (b"", errors.KafkaConnectionError("socket disconnected"))


def read(frame: Any, nbytes: int | None = None) -> bytes:
    """The next bytes of a received frame, which remembers how far it was read."""
    if nbytes is None or nbytes < LARGE_BYTES:
        return _stock_read(frame, nbytes)
    start = frame._idx
    frame._idx = min(start + nbytes, len(frame))
    with memoryview(frame) as view:
        return bytes(view[start : frame._idx])
