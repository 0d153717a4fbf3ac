"""docs/configuration.md, written from the schema: `python -m driftwatch.config.handbook > docs/configuration.md`."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import Any, Final, cast

from driftwatch.config.schema import Schema, options, schema
from driftwatch.config.words import expected, is_secret

_INTRODUCTION: Final = """\
# Configuration

One YAML file says everything. `driftwatch check -c FILE` tells all its mistakes at once, each with its line and what
to write instead, and prints what it costs in memory and time series. `driftwatch check --schema` prints a JSON Schema
for editors; with the YAML language server, put this line on top of the file:

    # yaml-language-server: $schema=driftwatch.schema.json

This page is made from that schema; `tests/config/test_handbook.py` says how.

## How it is written

- **YAML** in its core schema 1.2: only `true` and `false` are booleans, so `on:`, `no` and dates need no quotes. Keys
  exist once; unknown keys are errors. Anchors, aliases and merge keys (`<<`) work within limits (1 MB, 50 levels,
  100 000 values after aliases are put in).
- **Durations** are numbers with units, `ms`, `s`, `m`, `h`, `d`, `w`, also in a row: `90s`, `12h`, `30d6h36m`.
- **Field paths** are dotted: `output.probability` is the field `probability` inside the object `output`.
- **Secrets** never stand in the file: `{file: /run/secrets/x}` or `{env: NAME}`. A secret file is read again at every use.
- **Relative paths** start at the folder of the configuration file.
- **Patterns** know `*` for any text and `?` for one character.

## Environment variables

`DRIFTWATCH_` + the keys joined by two underscores overrides a value of the file, in any case of letters:
`DRIFTWATCH_KAFKA__GROUP_ID=blue` sets `group_id` in `kafka`, `DRIFTWATCH_STATE__COMMIT_EVERY=5s` sets `commit_every` in
`state`. A list of texts is written `a,b` or as JSON (`DRIFTWATCH_KAFKA__BOOTSTRAP_SERVERS=kafka-1:9092,kafka-2:9092`);
other lists and mappings are JSON as a whole (`DRIFTWATCH_ENDPOINTS='[…]'`). A variable with `__` whose first part is no
key is an error; variables without `__` are left alone unless they name a top-level key. What an override sets wins over
the file, and a mistake in it is told with the variable's name.

## An example

"""


def handbook(example: str) -> str:
    """The whole page; `example` is the text of a configuration file."""
    whole = schema()
    sections = [_INTRODUCTION + "".join(f"    {line}\n" if line else "\n" for line in example.splitlines())]
    sections.append("\n## Keys of the file\n\n" + "\n".join(_table(whole)))
    for name in _order(whole):
        definition = whole["$defs"][name]
        sections.append(
            f"\n## {_title(name)}\n\n{_one_line(definition.get('description', ''))}\n\n"
            + "\n".join(_table(definition))
        )
    return "\n".join(sections) + "\n"


def _order(whole: Schema) -> list[str]:
    """Definitions with keys, in the order in which a reader of the file meets them; secrets are said above."""
    found: list[str] = []
    queue = [whole]
    while queue:
        for name in _references(queue.pop(0).get("properties", {})):
            definition = whole["$defs"][name]
            if name not in found and "properties" in definition and not is_secret(definition):
                found.append(name)
                queue.append(definition)
    return found


def _title(name: str) -> str:
    """`KafkaSpec` as a heading: `Kafka`."""
    return name.removesuffix("Spec")


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        entries = cast("dict[str, Any]", node)
        if isinstance(entries.get("$ref"), str):
            yield entries["$ref"].rpartition("/")[2]
        for inner in entries.values():
            yield from _references(inner)
    elif isinstance(node, list):
        for inner in cast("list[Any]", node):
            yield from _references(inner)


def _table(definition: Schema) -> Iterator[str]:
    yield "| key | what to write | default | meaning |"
    yield "| --- | --- | --- | --- |"
    required = definition.get("required", [])
    for key, node in definition["properties"].items():
        default = "**required**" if key in required else _default(node)
        yield f"| `{key}` | {_cell(_write(node))} | {default} | {_cell(node['description'])} |"


def _write(node: Schema) -> str:
    """What may stand there; other sections are linked instead of listed."""
    linked = [name for name in _references(node) if "properties" in schema()["$defs"][name]]
    sections = [name for name in linked if not is_secret(schema()["$defs"][name])]
    if not sections:
        return expected(node)
    links = ", ".join(f"[{_title(name)}](#{_title(name).lower()})" for name in dict.fromkeys(sections))
    plain = [o for o in options(node) if o.get("type") not in ("object", "array")]
    lists = any(o.get("type") == "array" for o in options(node))
    words = (
        f"{links}, or a list of these"
        if lists and len(options(node)) > 1
        else f"a list of {links}"
        if lists
        else links
    )
    return f"{expected({'anyOf': plain})}, or {words}" if plain else words


def _default(node: Schema) -> str:
    if "default" not in node:
        return "its own"
    value = node["default"]
    return "none" if value is None else f"`{value if isinstance(value, str) else json.dumps(value)}`"


def _cell(text: str) -> str:
    return _one_line(text).replace("|", "\\|")


def _one_line(text: str) -> str:
    return " ".join(text.split())


if __name__ == "__main__":
    from pathlib import Path

    example = Path(__file__).parents[2] / "deploy" / "examples" / "car-loan.yaml"
    sys.stdout.write(handbook(example.read_text(encoding="utf-8")))
