from pathlib import Path

from driftwatch.telemetry.catalogue import catalogue
from driftwatch.telemetry.metrics_page import page

DOCS = Path(__file__).parents[2] / "docs"


def test_the_page_in_docs_is_the_one_that_the_catalogue_makes() -> None:
    assert (DOCS / "metrics.md").read_text("utf-8") == page(), (
        "run: python -m driftwatch.telemetry.metrics_page > docs/metrics.md"
    )


def test_every_metric_is_named() -> None:
    text = page()
    for metric in catalogue():
        name = metric.name.removesuffix("_lower").removesuffix("_upper")
        assert f"`{name}`" in text
