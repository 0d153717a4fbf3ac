"""The published schema: every body fits it, nothing undocumented is sent, and it refuses what does not fit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, ValidationError

from driftwatch.alerts.notifications import Notification, NotificationType
from driftwatch.webhooks.generic import generic_body
from driftwatch.webhooks.schema import DATA, json_schema
from tests.webhooks.told import HURTS, ended, firing, requested, resolved

DOCS = Path(__file__).resolve().parents[2] / "docs"
EVERY = [firing(), firing(HURTS), resolved(), requested(), ended()]


def closed(schema: Any) -> Any:
    """The same schema without room for fields that it does not name."""
    if isinstance(schema, list):
        return [closed(inner) for inner in schema]
    if not isinstance(schema, dict):
        return schema
    inner = {key: closed(value) for key, value in schema.items()}
    if "properties" in inner and "title" in inner:
        inner.setdefault("additionalProperties", False)
    return inner


@pytest.mark.parametrize("told", EVERY)
def test_every_body_fits_and_holds_nothing_undocumented(told: Notification) -> None:
    schema = closed(json_schema())
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(json.loads(generic_body(told)))


def test_every_type_has_its_data() -> None:
    assert set(DATA) == {kind.value for kind in NotificationType}


@pytest.mark.parametrize("missing", ["schema", "id", "type", "timestamp", "data"])
def test_an_incomplete_body_is_refused(missing: str) -> None:
    body = json.loads(generic_body(firing()))
    del body[missing]
    with pytest.raises(ValidationError):
        Draft202012Validator(json_schema()).validate(body)


def test_data_of_another_type_is_refused() -> None:
    body = json.loads(generic_body(firing())) | {"type": "retrain.requested"}
    with pytest.raises(ValidationError):
        Draft202012Validator(json_schema()).validate(body)


def test_new_fields_may_come_within_a_version() -> None:
    body = json.loads(generic_body(firing()))
    body["data"]["alert"]["colour"] = "red"
    Draft202012Validator(json_schema()).validate(body)


def test_the_published_file_is_this_schema() -> None:
    published = json.loads((DOCS / "notification-v1.schema.json").read_text(encoding="utf-8"))
    assert published == json.loads(json.dumps(json_schema()))


def test_the_examples_in_the_documentation_are_real_bodies() -> None:
    text = (DOCS / "webhooks.md").read_text(encoding="utf-8")
    examples = [part.partition("\n```")[0] for part in text.split("```json\n")[1:]]
    found = [json.loads(example) for example in examples]
    assert [body["type"] for body in found] == ["alert.firing", "retrain.requested", "retrain.ended"]
    for body, told in zip(found, [firing(), requested(), ended()], strict=True):
        assert body == json.loads(generic_body(told))
