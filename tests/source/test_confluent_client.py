"""Settings of librdkafka, its tokens and its error codes."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import confluent_kafka
import pytest
from confluent_kafka import KafkaError

from driftwatch.errors import FencedError, ReplacedError, SourceError
from driftwatch.source.confluent_client import (
    client_settings,
    consumer_settings,
    library,
    token_end_s,
    verdict,
)
from driftwatch.source.failures import AwayError
from driftwatch.source.spec import KafkaSpec
from driftwatch.spec import Secret
from tests.source.secured import unsecured_token


def spec(**settings: Any) -> KafkaSpec:
    return KafkaSpec(bootstrap_servers=["a:1", "b:2"], **settings)


def test_librdkafka_takes_every_setting(tmp_path: Path) -> None:
    (tmp_path / "s").write_text("x\n")
    secret = Secret(file=tmp_path / "s")
    made = spec(
        security_protocol="SASL_SSL",
        sasl_mechanism="SCRAM-SHA-512",
        sasl_username=secret,
        sasl_password=secret,
        ssl_check_hostname=False,
        max_poll_interval_ms=7_000,
    )
    settings = consumer_settings(made, "owner")
    assert settings["bootstrap.servers"] == "a:1,b:2"
    assert (settings["sasl.username"], settings["sasl.password"]) == ("x", "x")
    assert settings["ssl.endpoint.identification.algorithm"] == "none"
    assert (settings["group.id"], settings["group.instance.id"]) == ("driftwatch", "owner")
    assert settings["max.poll.interval.ms"] == 10_000  # librdkafka wants at least the session's timeout
    confluent_kafka.Consumer(settings).close()


def test_a_token_and_its_end(tmp_path: Path) -> None:
    token = unsecured_token(lifetime_s=600)
    (tmp_path / "token").write_text(token + "\n")
    settings = client_settings(spec(sasl_mechanism="OAUTHBEARER", sasl_token=Secret(file=tmp_path / "token")))
    text, end_s = settings["oauth_cb"]("")
    assert text == token
    assert 0 < end_s - token_end_s("opaque", 0) <= end_s
    assert token_end_s(token, 0) == end_s


@pytest.mark.parametrize("token", ["opaque", "a.b.c", "a.e30.c", "..", "a.eyJleHAiOiAieCJ9.c", "a.\xff.c"])
def test_a_token_that_does_not_say_when_it_ends(token: str) -> None:
    assert token_end_s(token, 1_000) == 1_300


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (KafkaError.FENCED_INSTANCE_ID, ReplacedError),
        (KafkaError.UNKNOWN_MEMBER_ID, FencedError),
        (KafkaError.ILLEGAL_GENERATION, FencedError),
        (KafkaError.TOPIC_AUTHORIZATION_FAILED, SourceError),
        (KafkaError.SASL_AUTHENTICATION_FAILED, SourceError),
        (KafkaError._AUTHENTICATION, SourceError),
        (KafkaError.INVALID_GROUP_ID, SourceError),
        (KafkaError._TRANSPORT, AwayError),
        (KafkaError._TIMED_OUT, AwayError),
        (KafkaError.COORDINATOR_NOT_AVAILABLE, AwayError),
        (KafkaError.REBALANCE_IN_PROGRESS, AwayError),
        (KafkaError.UNKNOWN_TOPIC_OR_PART, AwayError),
    ],
)
def test_what_an_error_means(code: int, kind: type[Exception]) -> None:
    assert type(verdict(KafkaError(code), spec())) is kind


def test_without_the_library_the_error_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    assert library() is confluent_kafka
    monkeypatch.setitem(sys.modules, "confluent_kafka", None)
    with pytest.raises(SourceError, match=r"pip install 'driftwatchd\[confluent\]'"):
        library()
