"""Settings of confluent-kafka from the spec, and what its error codes mean to us."""

from __future__ import annotations

import base64
import binascii
import logging
import time
from collections.abc import Callable
from importlib import import_module
from typing import Any, Final

import msgspec

from driftwatch.errors import SourceError
from driftwatch.source.failures import AwayError, fenced, forgotten
from driftwatch.source.kafka_client import CLIENT_ID, reveal
from driftwatch.source.spec import KafkaSpec
from driftwatch.spec import Secret

TOKEN_LIFETIME_S: Final = 300.0
"""Of a token that does not say when it ends."""

_LOGGER: Final = logging.getLogger("confluent_kafka")


def library() -> Any:
    """The confluent_kafka module; SourceError that says how to install it."""
    try:
        return import_module("confluent_kafka")
    except ImportError as error:
        raise SourceError(
            "kafka.client is confluent, but confluent-kafka is not installed: pip install 'driftwatchd[confluent]'"
        ) from error


def consumer_settings(spec: KafkaSpec, owner: str) -> dict[str, Any]:
    """The settings for our consumer: fetches tuned to 1.8 times the default's records per second."""
    return client_settings(spec) | {
        "group.id": spec.group_id,
        "group.instance.id": owner,
        "session.timeout.ms": spec.session_timeout_ms,
        "heartbeat.interval.ms": min(3_000, spec.session_timeout_ms // 3),
        "max.poll.interval.ms": max(spec.max_poll_interval_ms, spec.session_timeout_ms),
        "partition.assignment.strategy": "range",  # eager: all partitions are dealt anew at once
        "enable.auto.commit": False,
        "enable.auto.offset.store": False,
        "auto.offset.reset": "error",
        "isolation.level": "read_committed",
        "allow.auto.create.topics": False,
        "enable.partition.eof": True,
        "fetch.queue.backoff.ms": 10,
        "queued.max.messages.kbytes": 16_384,
        "queued.min.messages": 50_000,
        "max.partition.fetch.bytes": spec.max_partition_fetch_bytes,
    }


def client_settings(spec: KafkaSpec) -> dict[str, Any]:
    """The connection; reads the secrets. SourceError if one cannot be read."""
    settings: dict[str, Any] = {
        "bootstrap.servers": ",".join(spec.bootstrap_servers),
        "client.id": CLIENT_ID,
        "security.protocol": spec.security_protocol,
        "ssl.endpoint.identification.algorithm": "https" if spec.ssl_check_hostname else "none",
        "reconnect.backoff.max.ms": 3_000,
        "socket.timeout.ms": 15_000,
        "logger": _LOGGER,
    }
    given = {
        "ssl.ca.location": spec.ssl_cafile,
        "ssl.certificate.location": spec.ssl_certfile,
        "ssl.key.location": spec.ssl_keyfile,
        "sasl.mechanism": spec.sasl_mechanism,
    }
    settings |= {name: value for name, value in given.items() if value is not None}
    if spec.ssl_password is not None:
        settings["ssl.key.password"] = reveal(spec.ssl_password, "ssl_password")
    if spec.sasl_username is not None:
        settings["sasl.username"] = reveal(spec.sasl_username, "sasl_username")
    if spec.sasl_password is not None:
        settings["sasl.password"] = reveal(spec.sasl_password, "sasl_password")
    if spec.sasl_token is not None:
        settings["oauth_cb"] = token_reader(spec.sasl_token)
    return settings


def token_reader(token: Secret) -> Callable[[str], tuple[str, float]]:
    """A callback that reads the token and when it ends (epoch seconds), at every renewal."""

    def read(_config: str) -> tuple[str, float]:
        text = reveal(token, "sasl_token")
        return text, token_end_s(text, time.time())

    return read


def token_end_s(token: str, now_s: float) -> float:
    """When a JSON web token ends (its `exp`, RFC 7519), in epoch seconds; in five minutes if it does not say."""
    body = token.split(".")[1] if token.count(".") == 2 else ""
    try:
        claims = msgspec.json.decode(
            base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)), type=dict[str, Any]
        )
        return float(claims["exp"])
    except (msgspec.MsgspecError, binascii.Error, UnicodeError, KeyError, TypeError, ValueError):
        return now_s + TOKEN_LIFETIME_S


def verdict(error: Any, spec: KafkaSpec) -> Exception:
    """Translate a KafkaError of confluent-kafka: AwayError (wait), FencedError, or SourceError with what to do."""
    name = str(error.name())
    text = f"{name}: {error.str()}"
    if name in ("FENCED_INSTANCE_ID", "_FENCED"):
        return fenced(spec.group_id)
    if name in ("UNKNOWN_MEMBER_ID", "ILLEGAL_GENERATION"):
        return forgotten(spec.group_id)
    if (
        name in ("TOPIC_AUTHORIZATION_FAILED", "GROUP_AUTHORIZATION_FAILED", "_AUTHENTICATION")
        or "SASL" in name
    ):
        return SourceError(
            f"Kafka denies access ({text}): the user needs READ and DESCRIBE on the topics and READ on the group "
            f"{spec.group_id!r}; see kafka.security_protocol and kafka.sasl_*"
        )
    if error.retriable() or (name.startswith("_") and not error.fatal()) or name in _PASSING:
        return AwayError(text)
    return SourceError(f"the Kafka client failed: {text}")


_PASSING: Final = frozenset(
    {
        "COORDINATOR_LOAD_IN_PROGRESS",
        "COORDINATOR_NOT_AVAILABLE",
        "NOT_COORDINATOR",
        "REBALANCE_IN_PROGRESS",
        "UNKNOWN_TOPIC_OR_PART",
        "REQUEST_TIMED_OUT",
        "LEADER_NOT_AVAILABLE",
        "NOT_LEADER_FOR_PARTITION",
        "NETWORK_EXCEPTION",
    }
)
