"""Connections of kafka-python: its settings from the spec, and clients that leave nothing behind when they fail."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from driftwatch.errors import SourceError
from driftwatch.source.kafka_library import AbstractTokenProvider, KafkaNetClient
from driftwatch.source.spec import KafkaSpec
from driftwatch.spec import Secret

CLIENT_ID: Final = "driftwatch"
CONNECT_WITHIN_MS: Final = 5_000
"""One attempt to reach the cluster; attempts follow each other for ever."""


class TokenFile(AbstractTokenProvider):
    """OAUTHBEARER tokens, read anew at every connection, so that whoever renews the file needs no restart."""

    def __init__(self, token: Secret) -> None:
        self._token = token

    def token(self) -> str:
        """Return the current token; SourceError if it cannot be read."""
        return reveal(self._token, "sasl_token")


def reveal(secret: Secret, name: str) -> str:
    """The text of a secret of the connection; SourceError that names the setting, never the value."""
    try:
        return secret.reveal()
    except (OSError, KeyError, UnicodeDecodeError) as error:
        where = secret.file if secret.file is not None else f"environment variable {secret.env}"
        raise SourceError(f"kafka.{name} cannot be read from {where}: {type(error).__name__}") from error


def client_settings(spec: KafkaSpec) -> dict[str, Any]:
    """What consumer, producer and admin client share; reads the secrets. SourceError if one cannot be read."""
    settings: dict[str, Any] = {
        "bootstrap_servers": list(spec.bootstrap_servers),
        "client_id": CLIENT_ID,
        "bootstrap_timeout_ms": CONNECT_WITHIN_MS,
        "request_timeout_ms": 15_000,
        "reconnect_backoff_max_ms": 3_000,
        "api_version": spec.api_version,
        "security_protocol": spec.security_protocol,
        "ssl_cafile": spec.ssl_cafile,
        "ssl_certfile": spec.ssl_certfile,
        "ssl_keyfile": spec.ssl_keyfile,
        "ssl_check_hostname": spec.ssl_check_hostname,
        "sasl_mechanism": spec.sasl_mechanism,
    }
    if spec.ssl_password is not None:
        settings["ssl_password"] = reveal(spec.ssl_password, "ssl_password")
    if spec.sasl_username is not None:
        settings["sasl_plain_username"] = reveal(spec.sasl_username, "sasl_username")
    if spec.sasl_password is not None:
        settings["sasl_plain_password"] = reveal(spec.sasl_password, "sasl_password")
    if spec.sasl_token is not None:
        settings["sasl_oauth_token_provider"] = TokenFile(spec.sasl_token)
    return settings


def connect(make: Callable[..., Any], settings: dict[str, Any]) -> tuple[Any, Any]:
    """Construct a client and return it with its network client; blocks up to `CONNECT_WITHIN_MS`.

    A constructor that fails leaves the client's I/O thread and sockets behind, so they are closed here. Topics are
    never created by asking for them. Raises what the client raises.
    """
    made: list[Any] = []

    def network(**configs: Any) -> Any:
        client = KafkaNetClient(**configs)
        client.cluster.config["allow_auto_create_topics"] = False
        made.append(client)
        return client

    try:
        return make(kafka_client=network, **settings), made[0]
    except BaseException:
        for client in made:
            client.close()
        raise


def reached(network: Any) -> bool:
    """Whether at least one broker is connected."""
    return any(network.connected(broker.node_id) for broker in network.cluster.brokers())
