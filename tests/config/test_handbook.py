"""docs/configuration.md is written by `python -m driftwatch.config.handbook > docs/configuration.md`."""

import re
from pathlib import Path

from driftwatch.config.handbook import handbook
from driftwatch.config.schema import schema

ROOT = Path(__file__).parents[2]
EXAMPLE = (ROOT / "deploy" / "examples" / "car-loan.yaml").read_text(encoding="utf-8")
PAGE = handbook(EXAMPLE)


def test_the_page_is_as_the_schema_says() -> None:
    assert (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8") == PAGE


def test_every_key_is_on_it_with_its_description() -> None:
    rows = [line for line in PAGE.splitlines() if line.startswith("| `")]
    definitions = [d for name, d in schema()["$defs"].items() if "properties" in d and name != "Secret"]
    assert len(rows) == sum(len(d["properties"]) for d in [schema(), *definitions])


def test_links_lead_to_headings_and_tables_are_whole() -> None:
    headings = {line.removeprefix("## ").lower() for line in PAGE.splitlines() if line.startswith("## ")}
    assert set(re.findall(r"\]\(#([\w-]+)\)", PAGE)) <= headings
    for line in PAGE.splitlines():
        if line.startswith("|"):
            assert len(re.findall(r"(?<!\\)\|", line)) == 5, line
