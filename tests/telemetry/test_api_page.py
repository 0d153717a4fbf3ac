import re
from pathlib import Path

from driftwatch.telemetry.api_page import page
from driftwatch.telemetry.openapi import document

DOCS = Path(__file__).parents[2] / "docs"


def test_the_page_in_docs_is_the_one_that_the_document_makes() -> None:
    assert (DOCS / "api.md").read_text("utf-8") == page(), (
        "run: python -m driftwatch.telemetry.api_page > docs/api.md"
    )


def test_every_link_leads_to_a_type() -> None:
    types = {name.lower() for name in document()["components"]["schemas"]}
    assert set(re.findall(r"\(#(\w+)\)", page())) <= types
