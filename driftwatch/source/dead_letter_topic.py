"""Dead letters to a Kafka topic, beside the loop: it never waits for them, and what finds no room is counted."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterable
from typing import Any, Final

import msgspec
import structlog

from driftwatch.errors import SourceError
from driftwatch.events.columns import DeadLetter
from driftwatch.source.failures import KafkaError
from driftwatch.source.kafka_client import client_settings, connect
from driftwatch.source.kafka_library import KafkaProducer
from driftwatch.source.spec import KafkaSpec

CAPACITY: Final = 10_000
"""Letters that may wait for the brokers; at most 256 bytes of a record in each."""
RETRY_S: Final = 2.0
MAX_BLOCK_MS: Final = 10_000
_WAKE_S: Final = 0.2

_log: Final[Any] = structlog.get_logger(__name__)
_encode: Final = msgspec.json.Encoder().encode


class DeadLetterTopic:
    """Sends dead letters as JSON, keyed by the record's place, from a thread of its own."""

    def __init__(self, spec: KafkaSpec, topic: str, capacity: int = CAPACITY) -> None:
        """Nothing is connected yet; the thread does it."""
        self._spec = spec
        self._topic = topic
        self._waiting: queue.Queue[DeadLetter] = queue.Queue(capacity)
        self._closing = threading.Event()
        self._lock = threading.Lock()
        self.sent = 0
        """Letters that a broker took."""
        self.dropped = 0
        """Letters that found no room, or that no broker took in time."""
        self._thread = threading.Thread(target=self._run, name="dead-letters", daemon=True)
        self._thread.start()

    def send(self, letters: Iterable[DeadLetter]) -> None:
        """Hand over; never waits. A full queue drops and counts."""
        for letter in letters:
            try:
                self._waiting.put_nowait(letter)
            except queue.Full:
                self._lost("no room")

    def close(self, timeout_s: float = 5.0) -> None:
        """Send what waits, for at most `timeout_s`; the rest is dropped and counted."""
        self._closing.set()
        self._thread.join(timeout_s)
        while not self._waiting.empty():
            self._waiting.get_nowait()
            self._lost("closed")

    def _run(self) -> None:
        producer = self._connected()
        if producer is None:
            return
        try:
            while not (self._closing.is_set() and self._waiting.empty()):
                self._send_next(producer)
            producer.flush(timeout=MAX_BLOCK_MS / 1_000)
        except KafkaError as error:
            _log.warning("dead_letters_unsent", error=str(error))
        finally:
            producer.close(timeout=1)

    def _connected(self) -> Any:
        """A producer; tries again for ever, until it is closed."""
        settings = {
            "max_block_ms": MAX_BLOCK_MS,
            "delivery_timeout_ms": 60_000,
            "compression_type": "lz4",
            "linger_ms": 50,
            "allow_auto_create_topics": False,
            "metrics_enabled": False,
        }
        while not self._closing.is_set():
            try:
                return connect(KafkaProducer, client_settings(self._spec) | settings)[0]
            except (KafkaError, SourceError) as error:
                _log.warning("dead_letters_wait", error=str(error))
                self._closing.wait(RETRY_S)
        return None

    def _send_next(self, producer: Any) -> None:
        try:
            letter = self._waiting.get(timeout=_WAKE_S)
        except queue.Empty:
            return
        try:
            sent = producer.send(self._topic, value=letter_json(letter), key=letter_key(letter))
            sent.add_callback(self._taken)
            sent.add_errback(self._lost)
        except KafkaError as error:  # no metadata within MAX_BLOCK_MS, or the buffer is full
            self._lost(error)

    def _taken(self, _where: object) -> None:
        with self._lock:
            self.sent += 1

    def _lost(self, error: object) -> None:
        with self._lock:
            self.dropped += 1
        _log.debug("dead_letter_dropped", error=str(error))


def letter_json(letter: DeadLetter) -> bytes:
    """One dead letter as a JSON object: model, stream, topic, partition, offset, reason, sample."""
    return _encode(
        {
            "model": letter.model,
            "stream": letter.stream.value,
            "topic": letter.partition.topic,
            "partition": letter.partition.number,
            "offset": letter.offset,
            "reason": letter.reason.value,
            "sample": letter.sample,
        }
    )


def letter_key(letter: DeadLetter) -> bytes:
    """The record's place, the same every time it is read: a compacted topic keeps one letter per record."""
    return f"{letter.partition.topic}-{letter.partition.number}@{letter.offset}/{letter.model}".encode()
