"""The connection as people write it."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from driftwatch.source.spec import Client, KafkaSpec


def test_defaults() -> None:
    spec = KafkaSpec.model_validate({"bootstrap_servers": ["kafka:9092"]})
    assert (spec.client, spec.fast_path, spec.security_protocol) == (Client.KAFKA_PYTHON, True, "PLAINTEXT")
    assert (spec.session_timeout_ms, spec.start_at, spec.idle_timeout) == (10_000, "earliest", 60_000)


@pytest.mark.parametrize(
    "wrong",
    [
        {"bootstrap_servers": []},
        {"security_protocol": "TLS"},
        {"sasl_mechanism": "GSSAPI"},
        {"sasl_password": "in the open"},
        {"client": "librdkafka"},
        {"start_at": "newest"},
        {"session_timeout_ms": 10},
        {"groupid": "g"},
    ],
)
def test_mistakes_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        KafkaSpec.model_validate({"bootstrap_servers": ["kafka:9092"]} | wrong)


def test_secrets_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CANARY", "canary")
    spec = KafkaSpec.model_validate({"bootstrap_servers": ["k:1"], "sasl_password": {"env": "CANARY"}})
    assert "canary" not in repr(spec) + spec.model_dump_json()
