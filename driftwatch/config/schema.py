"""The JSON Schema of a configuration file: for editors, for messages and for docs/configuration.md."""

from __future__ import annotations

from functools import cache
from typing import Any, Final, cast

from driftwatch.config.marks import Path
from driftwatch.config.spec import Configuration
from driftwatch.events.times import format_duration

Schema = dict[str, Any]

DURATION_PATTERN: Final = r"^(\d+(ms|s|m|h|d|w))+$"


@cache
def schema() -> Schema:
    """The whole JSON Schema (draft 2020-12); every key has a description. Shared: do not change it."""
    made = _generated()
    definitions = cast("dict[str, Schema]", made["$defs"])
    for owner in [made, *definitions.values()]:
        for key in cast("dict[str, Schema]", owner.get("properties", {})).values():
            _tidy(key, definitions)
        owner.pop("title", None)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "driftwatch configuration",
        **made,
    }


def _tidy(key: Schema, definitions: dict[str, Schema]) -> None:
    """Drop pydantic's titles, write durations as people do, and describe a key by what it refers to."""
    key.pop("title", None)
    if "description" not in key and "$ref" in key:
        key["description"] = definitions[key["$ref"].rpartition("/")[2]].get("description", "")
    if "description" in key:
        key["description"] = " ".join(str(key["description"]).split())
    if isinstance(key.get("default"), int) and any(
        o.get("pattern") == DURATION_PATTERN for o in options(key)
    ):
        key["default"] = format_duration(key["default"])
    elif isinstance(key.get("default"), dict) and not options(key)[0].get("additionalProperties", True):
        key.pop("default")  # the keys inside have their own


def options(node: Schema) -> list[Schema]:
    """The alternatives of a schema node with references followed, without null."""
    if "$ref" in node:
        return options(_generated()["$defs"][node["$ref"].rpartition("/")[2]])
    if "anyOf" in node:
        return [option for child in node["anyOf"] for option in options(child)]
    return [] if node.get("type") == "null" else [node]


@cache
def _generated() -> Schema:
    return Configuration.model_json_schema()


def at(path: Path) -> Schema | None:
    """The schema node of a path in a configuration, or None where the schema knows no such place."""
    node: Schema = schema()
    for part in path:
        found = next((child for option in options(node) if (child := _child(option, part)) is not None), None)
        if found is None:
            return None
        node = found
    return node


def _child(node: Schema, part: str | int) -> Schema | None:
    if isinstance(part, int):
        prefix = cast("list[Schema]", node.get("prefixItems", []))
        return prefix[part] if part < len(prefix) else node.get("items")
    if (child := node.get("properties", {}).get(part)) is not None:
        return child
    for inner in node.get("patternProperties", {}).values():
        return inner
    extra = node.get("additionalProperties")
    return cast("Schema", extra) if isinstance(extra, dict) else None


def keys(node: Schema) -> list[str]:
    """The keys that a mapping of this schema may have; empty where any key is allowed."""
    return [key for option in options(node) for key in option.get("properties", {})]
