"""Connections of kafka-python: its settings from the spec, and clients that leave nothing behind when they fail."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

from driftwatch.errors import SourceError
from driftwatch.source.kafka_library import AbstractTokenProvider, KafkaNetClient, errors
from driftwatch.source.spec import KafkaSpec
from driftwatch.spec import Secret

CLIENT_ID: Final = "driftwatch"
CONNECT_WITHIN_MS: Final = 5_000
"""One attempt to reach the cluster; attempts follow each other for ever."""
HANGS_UP: Final = 3
"""Connections lost during authentication in one attempt, from which on it is a refusal."""


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
    never created by asking for them. Raises what the client raises, but a refusal of the credentials instead of a
    timeout.
    """
    made: list[Any] = []
    answers = _Answers()

    def network(**configs: Any) -> Any:
        client = KafkaNetClient(**configs)
        client.cluster.config["allow_auto_create_topics"] = False
        answers.watch(client._manager)
        made.append(client)
        return client

    try:
        return make(kafka_client=network, **settings), made[0]
    except BaseException as error:
        for client in made:
            client.close()
        if isinstance(error, errors.KafkaTimeoutError):
            answers.judge(error)
        raise


class _Answers:
    """What brokers answer to our credentials while a client connects.

    A broker that refuses them answers and hangs up at once; the client mostly sees the second only, and then tries
    again until its timeout, which alone it reports.
    """

    def __init__(self) -> None:
        self._refused: Exception | None = None
        self._hung_up = 0

    def watch(self, manager: Any) -> None:
        get_connection = manager.get_connection

        def watched(*args: Any, **kwargs: Any) -> Any:
            connection = get_connection(*args, **kwargs)
            if not isinstance(connection._sasl_authenticate, _Noted):
                connection._sasl_authenticate = _Noted(connection._sasl_authenticate, self)
            return connection

        manager.get_connection = watched

    def note(self, error: Exception) -> None:
        if isinstance(error, errors.KafkaConnectionError):
            self._hung_up += 1
        else:
            self._refused = error

    def judge(self, error: BaseException) -> None:
        """Raise the refusal, if there was one."""
        if self._refused is not None:
            raise self._refused from error
        if self._hung_up >= HANGS_UP:
            raise errors.SaslAuthenticationFailedError("the brokers hang up during authentication") from error


class _Noted:
    """The authentication of one connection, with its errors noted."""

    def __init__(self, authenticate: Callable[..., Awaitable[None]], answers: _Answers) -> None:
        self._authenticate = authenticate
        self._answers = answers

    async def __call__(self, *args: Any, **kwargs: Any) -> None:
        try:
            await self._authenticate(*args, **kwargs)
        except Exception as error:
            self._answers.note(error)
            raise


def reached(network: Any) -> bool:
    """Whether at least one broker is connected."""
    return any(network.connected(broker.node_id) for broker in network.cluster.brokers())
