from pathlib import Path

import jsonschema
import pytest
import yaml

from driftwatch.config.read import read
from driftwatch.config.schema import at, keys, options, schema

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted([ROOT / "deploy" / "driftwatch.yaml", *(ROOT / "deploy" / "examples").glob("*.yaml")])


def owners() -> list[tuple[str, dict]]:
    whole = schema()
    return [("the file", whole), *((name, d) for name, d in whole["$defs"].items() if "properties" in d)]


@pytest.mark.parametrize(("name", "owner"), owners(), ids=[name for name, _ in owners()])
def test_every_key_has_a_description_and_no_unknown_key_passes(name: str, owner: dict) -> None:
    assert owner["description"]
    assert owner["additionalProperties"] is False
    for key, node in owner["properties"].items():
        assert len(node.get("description", "")) > 10, f"{name}.{key}"
        assert "\n" not in node["description"]


def test_it_is_a_schema_and_its_defaults_fit_it() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())
    for _, owner in owners():
        for key, node in owner["properties"].items():
            if "default" in node:
                jsonschema.validate(node["default"], {**node, "$defs": schema()["$defs"]}), key


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_the_examples_fit_it(path: Path) -> None:
    jsonschema.validate(read(path.read_bytes(), path.name).data, schema())


def test_mistakes_do_not_fit_it() -> None:
    data = read(EXAMPLES[0].read_bytes(), "x").data
    for change in (
        {"kafka": {}},
        {"endpoint": []},
        {"http": {"port": 70_000}},
        {"state": {"commit_every": 5}},
    ):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({**data, **change}, schema())


def test_durations_are_shown_as_people_write_them() -> None:
    assert schema()["$defs"]["LabelsSpec"]["properties"]["max_delay"]["default"] == "30d"
    assert yaml.safe_dump(schema())  # plain data, nothing of ours


def test_paths_lead_to_their_nodes() -> None:
    assert at(("models", 3, "labels", "max_delay"))["default"] == "30d"
    assert at(("models", 0, "predictions", "where", "any.path")) is not None
    assert at(("models", 0, "slices", 1, 0)) == {"type": "string"}
    assert at(("kafka", "api_version", 1)) == {"type": "integer"}
    assert at(("kafka", "nothing")) is None
    assert at(("kafka", "group_id", "deeper")) is None
    assert keys(at(("http",)) or {}) == ["host", "port", "token"]
    assert [o["type"] for o in options(at(("endpoints", 0, "url")) or {})] == ["string", "object"]
