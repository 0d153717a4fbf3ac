"""The whole configuration, assembled from the Specs that stand beside the code they configure."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from driftwatch.alerts.spec import AlertingSpec
from driftwatch.events.times import Duration
from driftwatch.monitor.spec import ModelSpec
from driftwatch.source.spec import KafkaSpec
from driftwatch.spec import Spec
from driftwatch.telemetry.spec import HttpSpec, TelemetrySpec
from driftwatch.webhooks.spec import EndpointSpec


class OnDamage(StrEnum):
    """What to do when the state is not what was written."""

    REFUSE = "refuse"
    REBUILD = "rebuild"


class StateSpec(Spec):
    """The state directory and how often it is written."""

    directory: str = "/var/lib/driftwatch"
    """Where checkpoint, attempts and dead letters lie; one process at a time."""
    commit_every: Duration = 1_000
    """Wall-clock time between commits."""
    on_damage: OnDamage = OnDamage.REFUSE
    """The state is cut, flipped or emptied: `refuse` stops with an instruction; `rebuild` sets it aside under another
    name and reads the topics again. What topics do not hold is lost then: acknowledgements, what retention removed."""
    dead_letters: str | None = None
    """Bounded file of dead letters; default: `dead-letters.ndjson` in the state directory."""
    dead_letters_max_bytes: int = Field(default=10_000_000, ge=10_000)
    """At this size the file begins anew and the old one is kept once."""
    dead_letter_topic: str | None = None
    """Kafka topic that also gets the dead letters."""


class Configuration(Spec):
    """A whole configuration file."""

    kafka: KafkaSpec
    """The connection to Kafka."""
    models: list[ModelSpec] = Field(min_length=1)
    """The watched models."""
    endpoints: list[EndpointSpec] = []
    """Where notifications go."""
    alerting: AlertingSpec = AlertingSpec()
    """Alerting as a whole."""
    state: StateSpec = StateSpec()
    """What is kept on disk."""
    http: HttpSpec = HttpSpec()
    """The port for metrics, health and the API."""
    telemetry: TelemetrySpec = TelemetrySpec()
    """Metrics and logs."""
