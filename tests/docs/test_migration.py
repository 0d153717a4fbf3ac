"""docs/migration.md: every configuration is right, and every statistic that it names is there."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from driftwatch.config.checks import check
from driftwatch.config.spec import Configuration
from driftwatch.drift.catalogue import NAMES

PAGE = (Path(__file__).parents[2] / "docs" / "migration.md").read_text(encoding="utf-8")


def test_every_configuration_is_right() -> None:
    blocks = re.findall(r"^```yaml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    assert len(blocks) == 3
    for block in blocks:
        data = yaml.safe_load(block)
        Configuration.model_validate(data)
        assert check(data) == []


def test_every_statistic_that_it_names_as_ours_is_one() -> None:
    table = PAGE.split("## Statistics")[1].split("\n## ")[0]
    named = [
        name
        for row in re.findall(r"^\| [^|]+ \| ([^|]+) \| [^|]+ \|$", table, re.MULTILINE)
        for name in re.findall(r"`([a-z0-9_]+)`", row)
    ]
    assert len(named) > 20
    assert [name for name in named if name not in NAMES] == []
