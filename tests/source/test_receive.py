"""Bytes off the wire: bounded pieces, the same bytes as the client's own way, and errors that end a connection."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.source.kafka_library import KafkaBytes, KafkaTCPTransport, errors
from driftwatch.source.receive import LARGE_BYTES, RECEIVE_BYTES, install_receive, read, receive
from tests.waiting import until


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, Any]]:
    """A sending socket, and a transport on the other end of it."""
    near, far = socket.socketpair()
    far.setblocking(False)
    yield near, SimpleNamespace(_sock=far)
    near.close()
    far.close()


def test_what_has_arrived_in_pieces(ends: tuple[socket.socket, Any]) -> None:
    near, transport = ends
    sent = os.urandom(3 * RECEIVE_BYTES + 17)
    near.setblocking(False)
    got, pieces, at = b"", list[int](), 0

    def all_of_it() -> bool:
        nonlocal at, got
        with suppress(BlockingIOError):
            at += near.send(sent[at:])
        piece, error = receive(transport)
        assert error is None
        pieces.append(len(piece))
        got += piece
        return len(got) == len(sent)

    until(all_of_it, 10, "all bytes", every_s=0)
    assert got == sent
    assert max(pieces) <= RECEIVE_BYTES


def test_nothing_yet_is_no_error(ends: tuple[socket.socket, Any]) -> None:
    assert receive(ends[1]) == (b"", None)


def test_an_end_and_a_failure_end_the_connection(ends: tuple[socket.socket, Any]) -> None:
    near, transport = ends
    near.close()
    nothing, error = receive(transport)
    assert nothing == b""
    assert isinstance(error, errors.KafkaConnectionError)
    transport._sock.close()
    nothing, error = receive(transport)
    assert nothing == b""
    assert isinstance(error, errors.KafkaConnectionError)


@given(
    st.integers(0, 3 * LARGE_BYTES),
    st.lists(
        st.none() | st.sampled_from([0, 1, LARGE_BYTES - 1, LARGE_BYTES, LARGE_BYTES + 1, 2**20]), max_size=5
    ),
)
def test_a_frame_is_read_as_the_client_would(size: int, reads: list[int | None]) -> None:
    ours, stock = KafkaBytes(size), KafkaBytes(size)
    ours[:] = stock[:] = os.urandom(size)
    for nbytes in reads:
        start = stock._idx
        end = size if nbytes is None else min(size, start + nbytes)
        assert read(ours, nbytes) == bytes(stock[start:end])
        stock._idx = end
        assert ours.tell() == end
        assert len(ours) == size, "no view holds it"


def test_installing_takes_the_places_of_the_clients_own() -> None:
    install_receive()
    install_receive()
    assert KafkaTCPTransport._sock_recv is receive
    assert KafkaBytes.read is read
