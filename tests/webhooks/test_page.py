"""docs/webhooks.md: every type is there with an example that the configuration takes, and every option as the code knows it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from driftwatch.config.checks import check
from driftwatch.config.spec import Configuration
from driftwatch.webhooks.catalogue import TARGETS
from driftwatch.webhooks.job import PARAMETERS
from driftwatch.webhooks.spec import EndpointType
from tests.config.files import good

PAGE = (Path(__file__).parents[2] / "docs" / "webhooks.md").read_text(encoding="utf-8")
BLOCKS: list[str] = re.findall(r"^```yaml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def endpoints() -> list[dict[str, Any]]:
    return [endpoint for block in BLOCKS for endpoint in yaml.safe_load(block)["endpoints"]]


def test_every_example_is_a_right_configuration() -> None:
    assert len(BLOCKS) == 4
    for block in BLOCKS:
        data = good() | {"endpoints": yaml.load(block, yaml.BaseLoader)["endpoints"]}
        Configuration.model_validate(data)
        assert check(data) == []


def test_every_type_has_an_example_and_a_row() -> None:
    assert {endpoint.get("type", "webhook") for endpoint in endpoints()} == set(EndpointType)
    rows = re.findall(r"^\| `([a-z-]+)` \| .* \| .* \| .* \|$", PAGE, re.MULTILINE)
    assert set(EndpointType) <= set(rows)


def test_every_option_stands_there_as_the_code_knows_it() -> None:
    rows = [
        f"| `{type_}` | `{option.name}` | {option.meaning} | "
        + ("**required**" if option.required else f"`{option.default}`" if option.default else "none")
        + " |"
        for type_, target in TARGETS.items()
        for option in target.options
    ]
    assert rows
    assert [row for row in rows if row not in PAGE.splitlines()] == []


def test_every_parameter_of_a_job_is_named() -> None:
    told = next(line for line in PAGE.splitlines() if line.startswith("They are told"))
    assert [name for name in PARAMETERS if f"`{name}`" not in told] == []
