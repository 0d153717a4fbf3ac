"""Every error of the client means: wait, give up with an instruction, or make room."""

from __future__ import annotations

import pytest
from kafka import TopicPartition
from kafka import errors as kafka_errors
from structlog.testing import capture_logs

from driftwatch.errors import ExitCode, FencedError, SourceError
from driftwatch.source.failures import AwayError, AwayNotice, backwards, forgotten, no_topic, verdict


@pytest.mark.parametrize(
    "error",
    [
        kafka_errors.KafkaTimeoutError("x"),
        kafka_errors.NodeNotReadyError(1),
        kafka_errors.KafkaConnectionError("refused"),
        kafka_errors.CoordinatorNotAvailableError(),
        kafka_errors.UnknownBrokerIdError(3),
        kafka_errors.RebalanceInProgressError(),
        kafka_errors.RequestTimedOutError(),
    ],
)
def test_what_passes(error: Exception) -> None:
    assert isinstance(verdict(error, "g"), AwayError)


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (kafka_errors.OffsetOutOfRangeError({TopicPartition("t", 2): 77}), "t-2 at 77"),
        (kafka_errors.TopicAuthorizationFailedError({"t"}), "READ and DESCRIBE"),
        (kafka_errors.GroupAuthorizationFailedError("g"), "kafka.sasl_"),
        (kafka_errors.SaslAuthenticationFailedError("no"), "denies access"),
        (kafka_errors.InvalidSessionTimeoutError(), "kafka.session_timeout_ms"),
        (kafka_errors.CorruptRecordError("crc"), "damaged"),
        (kafka_errors.UnsupportedCodecError("zstd"), "codec"),
        (kafka_errors.LogTruncationError({}), "driftwatch state rebuild --all"),
        (kafka_errors.UnknownError("?"), "the Kafka client failed"),
    ],
)
def test_what_needs_a_person_says_what_to_do(error: Exception, says: str) -> None:
    answer = verdict(error, "g")
    assert isinstance(answer, SourceError)
    assert answer.exit_code is ExitCode.SOURCE
    assert says in str(answer)


def test_a_fenced_member() -> None:
    answer = verdict(kafka_errors.FencedInstanceIdError(), "g")
    assert isinstance(answer, FencedError)
    assert answer.exit_code is ExitCode.FENCED
    assert "copies of one state directory" in str(answer)
    assert "kafka.session_timeout_ms" in str(forgotten("g"))


def test_texts_name_the_place() -> None:
    assert "t-3 handed over offset 4 where 9 was expected" in str(backwards("t", 3, 9, 4))
    assert str(no_topic(["b", "a"])).startswith("no such topic: a, b;")


def test_brokers_that_are_away_are_said_once() -> None:
    notice = AwayNotice()
    with capture_logs() as logs:
        notice.back()
        for _ in range(3):
            notice.away("refused")
        notice.back()
        notice.back()
        notice.away("again")
    assert [entry["event"] for entry in logs] == ["kafka_away", "kafka_back", "kafka_away"]
    assert logs[0]["error"] == "refused"
