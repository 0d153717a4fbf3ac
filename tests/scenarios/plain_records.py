"""One record as the plain model reads it: an event, or the class of a record that is none."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, NamedTuple

from driftwatch.events.records import Partition
from tests.scenarios.plain_counts import INVALID, Value
from tests.scenarios.plain_rules import StreamRules


class Line(NamedTuple):
    """One record of a partition's log."""

    offset: int
    stamp_ms: int
    value: bytes | None


@dataclass
class Event:
    """A record that could be read."""

    stream: str
    partition: Partition
    offset: int
    time_ms: int
    id: str
    version: str
    score: Value
    decision: Value
    label: Value
    values: dict[str, Any]
    """Features and the classes' own scores, as the record has them."""
    slices: dict[str, Value]
    payload: object
    """What must be equal in a true repetition: time, numbers and score; of a label, the label."""
    layout: str = ""
    """Hash of the layout in which it was to be counted when it came; empty while that was learned (E9, E10)."""

    @property
    def order(self) -> tuple[int, Partition, int]:
        """Time, topic, partition, offset (E2)."""
        return (self.time_ms, self.partition, self.offset)


def read(
    stream: str, rules: StreamRules, task: str, numeric: set[str], partition: Partition, line: Line
) -> tuple[int | None, Event | str]:
    """Its time, if it has one, and the event or the class of a record that is none."""
    record = _object(line.value)
    if isinstance(record, str):
        return None, record
    time = record.get(rules.time) if rules.time else line.stamp_ms
    time_ms = time if isinstance(time, int) and not isinstance(time, bool) and time >= 0 else None
    id_ = text(record.get("id")) if rules.keyed else ""
    version = text(record.get(rules.version)) if rules.version else "default"
    label = _label(task, record.get(rules.label)) if rules.label else None
    why = None
    if any(text(record.get(key)) != wanted for key, wanted in rules.where):
        why = "filtered"
    elif rules.keyed and (not isinstance(id_, str) or not id_ or isinstance(record.get("id"), bool)):
        why = "invalid:bad_id"
    elif time_ms is None:
        why = "invalid:bad_time"
    elif not isinstance(version, str):
        why = "invalid:bad_version"
    elif label == INVALID:
        why = "invalid:bad_label"
    elif stream == "labels" and label is None:
        why = "missing_label"
    if why is not None:
        return time_ms, why
    assert time_ms is not None
    score = number(record.get(rules.score)) if rules.score else None
    numbers = tuple(number(record.get(name)) for name in rules.features if name in numeric)
    own = {f"score[{name}]": record.get(key) for name, key in rules.class_scores}
    event = Event(
        stream=stream,
        partition=partition,
        offset=line.offset,
        time_ms=time_ms,
        id=str(id_),
        version=str(version),
        score=score,
        decision=text(record.get(rules.decision)) if rules.decision else None,
        label=label,
        values={name: record.get(name) for name in rules.features} | own,
        slices={column: text(record.get(column)) for column in rules.slices},
        payload=label if stream == "labels" else (time_ms, score, *numbers, *map(number, own.values())),
    )
    return time_ms, event


def _object(value: bytes | None) -> dict[str, Any] | str:
    if value is None:
        return "invalid:tombstone"
    if not value.strip():
        return "invalid:empty"
    try:
        found = json.loads(value)
    except ValueError:
        return "invalid:not_json"
    return found if isinstance(found, dict) else "invalid:not_an_object"


def text(value: Any) -> str | float | None:
    """Canonical text: 123 and "123" are equal (E3)."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(int(value)) if float(value).is_integer() else repr(value)
    return INVALID


def number(value: Any) -> float | None:
    if value is None:
        return None
    return INVALID if isinstance(value, bool) or not isinstance(value, int | float) else float(value)


def _label(task: str, value: Any) -> float | str | None:
    if value is None:
        return None
    if task == "binary":
        return float(value) if isinstance(value, bool | int | float) and value in (0, 1) else INVALID
    return text(value) if task == "multiclass" else number(value)
