"""docs/monitoring.md names what there is."""

from __future__ import annotations

import re

from dashboards.build import DASHBOARDS
from driftwatch.config.spec import Configuration
from driftwatch.telemetry import catalogue as c
from driftwatch.telemetry.spec import TelemetrySpec
from tests.deploy import documents
from tests.deploy.commands import ROOT

PAGE = (ROOT / "docs" / "monitoring.md").read_text("utf-8")


def test_every_dashboard_and_rule_file_is_there() -> None:
    assert set(re.findall(r"`dashboards/(\w+\.json)`", PAGE)) == set(DASHBOARDS)
    files = {path.name for path in (ROOT / "deploy" / "prometheus" / "rules").glob("*.yml")}
    assert set(re.findall(r"^- `(\w+\.yml)`", PAGE, re.MULTILINE)) == files


def test_files_and_links_exist() -> None:
    for path in re.findall(r"`((?:deploy|dashboards)/[\w./-]+)`", PAGE):
        assert (ROOT / path).exists(), path
    for path in re.findall(r"\]\((?!http)([\w./-]+)\)", PAGE):
        assert (ROOT / "docs" / path).exists(), path


def test_what_it_says_of_cells_is_so() -> None:
    assert c.CELL_SHARE.name in PAGE
    assert f"{len(c.RELIABILITY)} metrics, 10 cells" in PAGE
    assert TelemetrySpec().cell_shares == []
    shipped = Configuration.model_validate(documents.read(ROOT / "deploy" / "driftwatch.yaml"))
    assert shipped.telemetry.cell_shares == ["*"]


def test_the_line_that_moves_runbooks_fits_the_rules() -> None:
    [pattern] = re.findall(r"sed -i 's\|([^|]+)\|", PAGE)
    for path in (ROOT / "deploy" / "prometheus" / "rules").glob("*.yml"):
        text = path.read_text("utf-8")
        assert text.count(pattern) == text.count("- alert: ")
