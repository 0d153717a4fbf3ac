"""What a Kafka client's error means to us: wait, give up with an instruction, or make room for another member."""

from __future__ import annotations

from typing import Any, Final, cast

import structlog

from driftwatch.errors import FencedError, OffsetsGoneError, ReplacedError, SourceError
from driftwatch.source.kafka_library import errors

KafkaError: Final[type[Exception]] = errors.KafkaError
ANEW: Final = (
    "`driftwatch state rebuild --all` lets the next start count again what is left "
    "(`kafka.on_reset: rebuild` lets the daemon do so itself)"
)
"""What to do when what was counted is no longer what the topics hold."""


_log: Final[Any] = structlog.get_logger(__name__)


class AwayError(Exception):
    """The brokers cannot be reached now; the edges turn it into an empty answer."""


class AwayNotice:
    """Says once that the brokers are away, and once that they are back; the clients' own logs say it every time."""

    def __init__(self) -> None:
        self._away = False

    def away(self, error: object) -> None:
        """Nothing answers, and why."""
        if not self._away:
            self._away = True
            _log.warning("kafka_away", error=str(error))

    def back(self) -> None:
        """Something answered."""
        if self._away:
            self._away = False
            _log.info("kafka_back")


_DENIED: Final = (
    errors.AuthorizationError,
    errors.SaslAuthenticationFailedError,
    errors.UnsupportedSaslMechanismError,
    errors.IllegalSaslStateError,
)
_GROUP: Final = (
    errors.InvalidGroupIdError,
    errors.InvalidSessionTimeoutError,
    errors.InconsistentGroupProtocolError,
    errors.GroupMaxSizeReachedError,
)
_PASSING: Final = (
    errors.RetriableError,
    errors.UnknownBrokerIdError,
    errors.RebalanceInProgressError,
)


def verdict(error: Exception, group_id: str) -> Exception:
    """Translate an error of kafka-python: AwayError (wait), FencedError, or SourceError with what to do."""
    if isinstance(error, errors.FencedInstanceIdError):
        return fenced(group_id)
    if isinstance(error, errors.OffsetOutOfRangeError):
        return out_of_range(cast("dict[Any, int]", error.args[0]))
    if isinstance(error, errors.LogTruncationError):
        return OffsetsGoneError(
            f"the topic lost records that were already counted ({error}): a broker came back with an older log; {ANEW}"
        )
    if isinstance(error, errors.CorruptRecordError):
        return SourceError(
            f"a record batch is damaged ({error}): repair the topic, or move it behind the batch"
        )
    if isinstance(error, errors.UnsupportedCodecError):
        return SourceError(f"records are compressed by a codec that is not installed here ({error})")
    if isinstance(error, _DENIED):
        return SourceError(
            f"Kafka denies access ({error}): the user needs READ and DESCRIBE on the topics and READ on the group "
            f"{group_id!r}; see kafka.security_protocol and kafka.sasl_*"
        )
    if isinstance(error, _GROUP):
        return SourceError(
            f"Kafka refuses this consumer for the group {group_id!r} ({error}): check kafka.group_id and "
            "kafka.session_timeout_ms (broker: group.min.session.timeout.ms, group.max.session.timeout.ms)"
        )
    if isinstance(error, _PASSING):
        return AwayError(str(error))
    if isinstance(error, SourceError):
        return error
    return SourceError(f"the Kafka client failed: {error}")


def fenced(group_id: str) -> ReplacedError:
    """Another process with the same owner id works in the group."""
    return ReplacedError(
        f"another process with this state directory's owner id took the place in the group {group_id!r}: two daemons "
        "run on copies of one state directory; stop one of them"
    )


def forgotten(group_id: str) -> FencedError:
    """The group ended our membership."""
    return FencedError(
        f"the group {group_id!r} no longer knows this member: it was silent for longer than kafka.session_timeout_ms; "
        "memory is dropped, start again from the last checkpoint"
    )


def out_of_range(offsets: dict[Any, int]) -> OffsetsGoneError:
    """A stored offset is not in the log (F30)."""
    places = ", ".join(f"{tp.topic}-{tp.partition} at {offset}" for tp, offset in sorted(offsets.items()))
    return OffsetsGoneError(
        f"the stored offset is not in the log any more: {places}. Retention removed these records or the topic was "
        f"made anew; {ANEW}"
    )


def backwards(topic: str, partition: int, expected: int, got: int) -> SourceError:
    """Records below the expected offset would be counted twice (E16)."""
    return SourceError(
        f"{topic}-{partition} handed over offset {got} where {expected} was expected: nothing was counted twice; "
        "start again to go on from the last checkpoint"
    )


def no_topic(topics: list[str]) -> SourceError:
    """A configured topic does not exist."""
    names = ", ".join(sorted(topics))
    return SourceError(f"no such topic: {names}; create it or correct its name in the configuration")
