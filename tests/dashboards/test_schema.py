"""Every key of every dashboard is one that Grafana's schemas know: read into Grafana's own types and written again, nothing is lost."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from typing import Any

import pytest

from tests.dashboards.test_build import MADE

with warnings.catch_warnings():
    warnings.simplefilter(
        "ignore", DeprecationWarning
    )  # the schema of version 2 is not what provisioning takes yet
    from grafana_foundation_sdk.cog.encoder import JSONEncoder
    from grafana_foundation_sdk.cog.plugins import register_default_plugins
    from grafana_foundation_sdk.models.dashboard import Dashboard

register_default_plugins()


def lost(given: Any, back: Any, path: str = "") -> Iterator[str]:
    """Paths of what is not, or not equally, in what came back; what was filled in there beside it does not matter."""
    if isinstance(given, dict) and isinstance(back, dict):
        for key, value in given.items():
            yield from lost(value, back[key], f"{path}.{key}") if key in back else [f"{path}.{key}"]
    elif isinstance(given, list) and isinstance(back, list) and len(given) == len(back):
        for place, (one, other) in enumerate(zip(given, back, strict=True)):
            yield from lost(one, other, f"{path}[{place}]")
    elif given != back:
        yield path


def through(made: dict[str, Any]) -> Any:
    return json.loads(json.dumps(Dashboard.from_json(made), cls=JSONEncoder))


@pytest.mark.parametrize("name", MADE)
def test_grafana_knows_every_key(name: str) -> None:
    assert list(lost(MADE[name], through(MADE[name]))) == []


def test_a_key_that_grafana_does_not_know_is_found() -> None:
    made = json.loads(json.dumps(MADE["model.json"]))
    panel = next(panel for panel in made["panels"] if panel["type"] == "barchart")
    panel["options"]["xFeld"] = panel["options"].pop("xField")
    assert [path.rpartition(".")[2] for path in lost(made, through(made))] == ["xFeld"]
