"""Connections: settings from the spec, and every security protocol against a real broker that demands it."""

from __future__ import annotations

import shutil
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from driftwatch.errors import SourceError
from driftwatch.source.failures import KafkaError
from driftwatch.source.kafka_client import client_settings, connect
from driftwatch.source.kafka_library import KafkaAdminClient, KafkaConsumer, KafkaProducer
from driftwatch.source.open import open_source
from driftwatch.source.spec import Client, KafkaSpec
from driftwatch.spec import Secret
from tests.contracts.edges import KafkaEdge, Reader
from tests.integration.broker import Broker
from tests.source.secured import PASSWORD, USER, SecuredBroker, make_certificates, unsecured_token
from tests.waiting import until


def spec(**settings: Any) -> KafkaSpec:
    return KafkaSpec(bootstrap_servers=["a:1", "b:2"], **settings)


def test_settings_bear_kafkas_names(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("WHO", "alice")
    (tmp_path / "password").write_text("secret\n")
    settings = client_settings(
        spec(
            security_protocol="SASL_SSL",
            ssl_cafile="/ca",
            ssl_check_hostname=False,
            sasl_mechanism="SCRAM-SHA-256",
            sasl_username=Secret(env="WHO"),
            sasl_password=Secret(file=tmp_path / "password"),
        )
    )
    assert settings["bootstrap_servers"] == ["a:1", "b:2"]
    assert settings["security_protocol"] == "SASL_SSL"
    assert (settings["ssl_cafile"], settings["ssl_check_hostname"]) == ("/ca", False)
    assert (settings["sasl_plain_username"], settings["sasl_plain_password"]) == ("alice", "secret")


@pytest.mark.parametrize("make", [KafkaConsumer, KafkaProducer, KafkaAdminClient])
def test_every_client_knows_every_setting(make: Any) -> None:
    settings = client_settings(spec(sasl_token=Secret(env="T"), sasl_password=Secret(env="PATH")))
    assert set(settings) <= set(make.DEFAULT_CONFIG)


def test_a_token_is_read_anew_at_every_connection(tmp_path: Path) -> None:
    file = tmp_path / "token"
    provider = client_settings(spec(sasl_token=Secret(file=file)))["sasl_oauth_token_provider"]
    for text in ("one", "two"):
        file.write_text(text)
        assert provider.token() == text


def test_a_secret_that_cannot_be_read_is_named_with_its_place(tmp_path: Path) -> None:
    with pytest.raises(
        SourceError, match=r"kafka\.sasl_password cannot be read from .*absent: FileNotFoundError"
    ):
        client_settings(spec(sasl_password=Secret(file=tmp_path / "absent")))
    with pytest.raises(SourceError, match=r"kafka\.ssl_password .* variable DRIFTWATCH_NONE: KeyError"):
        client_settings(spec(ssl_password=Secret(env="DRIFTWATCH_NONE")))


def test_a_failed_attempt_leaves_no_thread_behind() -> None:
    before = threading.active_count()
    settings = client_settings(KafkaSpec(bootstrap_servers=["127.0.0.1:1"])) | {"bootstrap_timeout_ms": 200}
    with pytest.raises(KafkaError):
        connect(KafkaConsumer, settings)
    until(lambda: threading.active_count() == before, 10, "the end of its threads")


# -- a broker that asks who is there ---------------------------------------------------------------


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("openssl") is None:
        pytest.skip("no openssl: install it to try TLS")
    directory = tmp_path_factory.mktemp("certificates")
    make_certificates(directory)
    return directory


@pytest.fixture(scope="module")
def secured(kafka: Broker, certificates: Path) -> Iterator[SecuredBroker]:
    if not kafka.managed:
        pytest.skip("a named broker has no listeners of ours")
    with SecuredBroker(certificates) as broker:
        assert isinstance(broker, SecuredBroker)
        broker.add_scram_user()
        yield broker


def secured_spec(
    broker: SecuredBroker, certificates: Path, tmp_path: Path, way: str, **more: Any
) -> KafkaSpec:
    (tmp_path / "password").write_text(PASSWORD)
    (tmp_path / "token").write_text(unsecured_token())
    (tmp_path / "key-password").write_text("canary-key")
    user = {"sasl_username": {"env": "DRIFTWATCH_USER"}, "sasl_password": {"file": tmp_path / "password"}}
    authority = {"ssl_cafile": str(certificates / "ca.crt")}
    certificate = {
        "ssl_certfile": str(certificates / "client.crt"),
        "ssl_keyfile": str(certificates / "client-locked.key"),
        "ssl_password": {"file": tmp_path / "key-password"},
    }
    ways: dict[str, tuple[str, dict[str, Any]]] = {
        "SSL": ("SSL", {"security_protocol": "SSL"} | authority | certificate),
        "OAUTHBEARER": (
            "SASLP",
            {"security_protocol": "SASL_PLAINTEXT", "sasl_token": {"file": tmp_path / "token"}},
        ),
        "SASL_SSL": (
            "SASLS",
            {"security_protocol": "SASL_SSL", "sasl_mechanism": "PLAIN"} | authority | user,
        ),
    }
    port, settings = ways.get(way, ("SASLP", {"security_protocol": "SASL_PLAINTEXT"} | user))
    settings = {"sasl_mechanism": None if way == "SSL" else way} | settings | more
    servers = [f"127.0.0.1:{broker.ports[port]}"]
    return KafkaSpec.model_validate(
        {"bootstrap_servers": servers, "group_id": f"group-{uuid.uuid4().hex[:8]}"} | settings
    )


@pytest.mark.slow
@pytest.mark.parametrize("client", list(Client))
@pytest.mark.parametrize("way", ["SSL", "PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER", "SASL_SSL"])
def test_reads_and_commits_over(
    secured: SecuredBroker,
    certificates: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    way: str,
    client: Client,
) -> None:
    monkeypatch.setenv("DRIFTWATCH_USER", USER)
    topic = secured.create_topic()
    KafkaEdge(secured).produce(topic, 0, [b"a"])
    source = open_source(secured_spec(secured, certificates, tmp_path, way, client=client), "owner")
    try:
        source.start([topic], {})
        reader = Reader(source, {})
        reader.until_rows(1)
        reader.commit()
        assert source.connected()
    finally:
        source.close()


@pytest.mark.slow
@pytest.mark.parametrize("client", list(Client))
def test_a_wrong_password_is_an_error_that_does_not_show_it(
    secured: SecuredBroker,
    certificates: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    client: Client,
) -> None:
    monkeypatch.setenv("DRIFTWATCH_USER", USER)
    spec = secured_spec(secured, certificates, tmp_path, "PLAIN", client=client)
    (tmp_path / "password").write_text("canary-wrong")
    source = open_source(spec, "owner")
    try:
        source.start([secured.create_topic()], {})
        with pytest.raises(SourceError, match="Kafka denies access") as error:
            Reader(source, {}).until(lambda: False, "an error")
        assert "canary" not in str(error.value)
    finally:
        source.close()
