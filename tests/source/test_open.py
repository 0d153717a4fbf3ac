"""The configuration picks the edge."""

from __future__ import annotations

import sys

import pytest

from driftwatch.errors import SourceError
from driftwatch.source.confluent import ConfluentSource
from driftwatch.source.kafka_python import KafkaPythonSource
from driftwatch.source.open import open_source
from driftwatch.source.spec import Client, KafkaSpec


@pytest.mark.parametrize(
    ("client", "kind"), [(Client.KAFKA_PYTHON, KafkaPythonSource), (Client.CONFLUENT, ConfluentSource)]
)
def test_opens_without_connecting(client: Client, kind: type) -> None:
    source = open_source(KafkaSpec(bootstrap_servers=["127.0.0.1:1"], client=client), "owner")
    assert type(source) is kind
    assert not source.connected()
    assert source.standing_by() is None
    assert source.standing() == {}
    source.close()


def test_a_client_that_is_not_installed_is_said_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "confluent_kafka", None)
    with pytest.raises(SourceError, match="not installed"):
        open_source(KafkaSpec(bootstrap_servers=["a:1"], client=Client.CONFLUENT), "owner")
