"""How Kafka is reached (a part of the configuration); names and meanings are Kafka's own."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from driftwatch.events.spec import MINUTE_MS
from driftwatch.events.times import Duration
from driftwatch.spec import Secret, Spec


class Client(StrEnum):
    """Which Kafka client library is used."""

    KAFKA_PYTHON = "kafka-python"
    CONFLUENT = "confluent"


class OnReset(StrEnum):
    """What to do when stored offsets are not in the log any more."""

    REFUSE = "refuse"
    REBUILD = "rebuild"


class KafkaSpec(Spec):
    """The connection and the consumer group."""

    bootstrap_servers: list[str] = Field(min_length=1)
    """Brokers as `host:port`, from which the others are learned."""
    group_id: str = "driftwatch"
    """The consumer group."""
    client: Client = Client.KAFKA_PYTHON
    """The client library; `confluent` needs the extra `driftwatchd[confluent]`."""
    fast_path: bool = True
    """kafka-python: read record batches without objects per record where the installed version is known to allow it."""
    security_protocol: str = Field(default="PLAINTEXT", pattern="^(PLAINTEXT|SSL|SASL_PLAINTEXT|SASL_SSL)$")
    """How the connection is protected."""
    ssl_cafile: str | None = None
    """PEM file of the authorities that sign the brokers' certificates; default: the system's."""
    ssl_certfile: str | None = None
    """PEM file of this client's certificate."""
    ssl_keyfile: str | None = None
    """PEM file of this client's private key."""
    ssl_password: Secret | None = None
    """The private key's password."""
    ssl_check_hostname: bool = True
    """Whether a broker's certificate must name its host."""
    sasl_mechanism: str | None = Field(
        default=None, pattern="^(PLAIN|SCRAM-SHA-256|SCRAM-SHA-512|OAUTHBEARER)$"
    )
    """How this client proves who it is, with `SASL_PLAINTEXT` or `SASL_SSL`."""
    sasl_username: Secret | None = None
    """User name for PLAIN and SCRAM."""
    sasl_password: Secret | None = None
    """Password for PLAIN and SCRAM."""
    sasl_token: Secret | None = None
    """OAUTHBEARER: the token, read again from its file at every use."""
    session_timeout_ms: int = Field(default=10_000, ge=6_000)
    """Silence after which the group takes this member for dead."""
    max_poll_interval_ms: int = Field(default=300_000, ge=1_000)
    """Longest time between two polls before the group takes the partitions away."""
    max_partition_fetch_bytes: int = Field(default=1_048_576, ge=65_536)
    """Most bytes of one partition in one fetch; more is faster and needs more memory."""
    api_version: tuple[int, int] | None = None
    """Only for brokers that do not tell theirs (the embedded one of the demo)."""
    idle_timeout: Duration = MINUTE_MS
    """A partition at its end for so long stops holding back its stream (E4)."""
    max_future: Duration = 10 * MINUTE_MS
    """Record timestamps (against the wall clock) and event times (against their record) may lead by this (E6)."""
    start_at: str = Field(default="earliest", pattern="^(earliest|latest)$")
    """Where a topic without a stored offset is begun."""
    on_reset: OnReset = OnReset.REFUSE
    """Stored offsets are gone (retention passed them, a topic was made anew): `refuse` stops with an instruction;
    `rebuild` sets the state aside and counts again what the topics still hold."""
