"""The schema `driftwatch.notification/v1` of the generic body: typed here, published by docs/webhooks.md, and tested against both."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

import msgspec

SCHEMA: Final = "driftwatch.notification/v1"

Time = Annotated[str, msgspec.Meta(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")]
"""UTC; event time."""
Count = Annotated[int, msgspec.Meta(ge=0)]


class FindingBody(msgspec.Struct):
    """One slice and field that breaks the rule. Numbers are null where there is none."""

    statistic: str
    window: str
    slice: str
    field: str
    """Empty for a statistic of the whole model."""
    value: float | None
    lower: float | None
    upper: float | None
    limit: float | None
    count: Count
    """Current events (for performance and calibration: labels) that the value rests on."""
    reference_count: Count
    since: Time
    cells: list[str]


class AlertHead(msgspec.Struct):
    """What an alert is about."""

    fingerprint: str
    rule: str
    version: str
    kind: str
    severity: Literal["warning", "drift", "ticket", "page"]
    since: Time


class AlertBody(AlertHead, kw_only=True):
    """The alert itself."""

    state: Literal["firing", "resolved"]
    started: Time
    ended: Literal["", "recovered", "version_ended", "reconfigured", "accepted"]
    """Why a resolved one ended."""


class AlertData(msgspec.Struct):
    """`data` of `alert.firing` and `alert.resolved`; lists are cut, and the counts say by how much."""

    alert: AlertBody
    configuration: str
    links: dict[str, str]
    findings: list[FindingBody]
    findings_total: Count
    findings_omitted: Count
    slices: list[str]
    slices_total: Count
    fields: list[str]
    fields_total: Count


class EpisodeHead(msgspec.Struct):
    """The retraining episode."""

    id: str
    state: Literal["requested", "ended"]
    reason: str
    opened: Time
    since: Time


class EpisodeEnd(EpisodeHead, kw_only=True):
    """The episode when it is over."""

    new_version: str
    acknowledged_by: str


class Why(AlertHead, kw_only=True):
    """An alert that makes up the episode."""

    findings: list[FindingBody]
    findings_total: Count
    findings_omitted: Count


class Versions(msgspec.Struct):
    """Model versions: those that drift, and all live ones."""

    drifted: list[str]
    live: list[str]


class Offsets(msgspec.Struct):
    """`start <= offset < end` of one partition."""

    topic: str
    partition: Count
    start: Count
    end: Count


class Data(msgspec.Struct):
    """Where the drifted data lies: event time, and offsets that hold all of it and a little more."""

    start: Time
    end: Time
    offsets: list[Offsets]
    offsets_omitted: Count


class RequestData(msgspec.Struct):
    """`data` of `retrain.requested`."""

    episode: EpisodeHead
    versions: Versions
    why: list[Why]
    why_omitted: Count
    data: Data
    configuration: str
    links: dict[str, str]
    slices: list[str]
    slices_total: Count
    fields: list[str]
    fields_total: Count


class EndData(msgspec.Struct):
    """`data` of `retrain.ended`."""

    episode: EpisodeEnd
    configuration: str
    links: dict[str, str]


DATA: Final[dict[str, type[msgspec.Struct]]] = {
    "alert.firing": AlertData,
    "alert.resolved": AlertData,
    "retrain.requested": RequestData,
    "retrain.ended": EndData,
}
"""Which `data` comes with which type."""


def json_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of a body, for receivers and their code generators."""
    parts, components = msgspec.json.schema_components(
        [*dict.fromkeys(DATA.values())], ref_template="#/$defs/{name}"
    )
    refs = dict(zip(dict.fromkeys(DATA.values()), parts, strict=True))
    text = {"type": "string"}
    branches = [{"properties": {"type": {"const": kind}, "data": refs[data]}} for kind, data in DATA.items()]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": SCHEMA,
        "type": "object",
        "required": ["schema", "id", "type", "timestamp", "model", "version", "severity", "data"],
        "properties": {
            "schema": {"const": SCHEMA},
            "id": text,
            "type": {"enum": list(DATA)},
            "timestamp": msgspec.json.schema(Time),
            "model": text,
            "version": text,
            "severity": {"enum": ["warning", "drift", "ticket", "page", "retrain"]},
            "data": {"type": "object"},
        },
        "oneOf": branches,
        "$defs": components,
    }
