"""How the HTTP port and the logs are set (a part of the configuration)."""

from __future__ import annotations

from pydantic import Field

from driftwatch.spec import Secret, Spec


class HttpSpec(Spec):
    """The one HTTP port."""

    host: str = "0.0.0.0"
    """Address to listen on."""
    port: int = Field(default=9464, ge=0, le=65_535)
    """Port to listen on; 0 takes any free one."""
    token: Secret | None = None
    """Bearer token for acknowledging a retraining; without it that call is refused."""


class TelemetrySpec(Spec):
    """Metrics and logs."""

    max_series: int = Field(default=50_000, ge=100)
    """Hard limit of statistic series on /metrics; what is beyond is folded and counted."""
    cell_shares: list[str] = []
    """Patterns over field names whose cell shares are on /metrics, now and in the reference, for all traffic; they count
    against `max_series` and are left out first. `driftwatch check` says how many series they are."""
    log_format: str = Field(default="auto", pattern="^(auto|json|console)$")
    """`json`, `console`, or `auto`: readable on a terminal and JSON elsewhere."""
    log_level: str = Field(default="info", pattern="^(debug|info|warning|error)$")
    """Lines below this level are left out."""
