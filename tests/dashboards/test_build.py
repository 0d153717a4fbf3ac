import json

import pytest

from dashboards.build import DASHBOARDS, HERE, render


@pytest.mark.parametrize("name", DASHBOARDS)
def test_the_committed_file_is_what_the_code_makes(name: str) -> None:
    assert (HERE / name).read_text("utf-8") == render(name), "run: python -m dashboards.build"


def test_every_json_file_here_is_made_by_code() -> None:
    assert {file.name for file in HERE.glob("*.json")} == set(DASHBOARDS)


@pytest.mark.parametrize("name", DASHBOARDS)
def test_it_can_be_provisioned(name: str) -> None:
    made = json.loads(render(name))
    assert made["uid"].startswith("driftwatch-")
    assert made["schemaVersion"] >= 39
    assert "id" not in made
    assert len({json.loads(render(other))["uid"] for other in DASHBOARDS}) == len(DASHBOARDS)
