from dataclasses import replace
from html.parser import HTMLParser

from driftwatch.telemetry.api import OPERATIONS
from driftwatch.telemetry.board import Picture
from driftwatch.telemetry.counts import Counts
from driftwatch.telemetry.health import Health
from driftwatch.telemetry.pages import docs_page, status_page
from tests.telemetry import pictures

VOID = {"meta", "link", "br", "hr"}


class Balance(HTMLParser):
    """Every element that opens also closes, in order; nothing comes from another host."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.links: list[str] = []
        self.tags: set[str] = set()
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_status_page_shows_verdicts_alerts_and_endpoints() -> None:
    text = status_page(Picture(pictures.snapshot(), pictures.health(), Counts()), 0.0)
    page = Balance(text)
    for word in ("ready", "credit", "drift", "firing", "inputs", "ep_1", "disabled: gone", "psi 0.31"):
        assert word in text
    assert "script" not in page.tags
    assert all(link.startswith("/") and not link.startswith("//") for link in page.links)


def test_before_the_first_commit_the_page_says_why_it_is_not_ready() -> None:
    text = status_page(Picture(health=Health()), 0.0)
    Balance(text)
    assert "not ready" in text
    assert "State is being loaded" in text
    assert "no commit yet" in text


def test_names_from_the_data_cannot_become_markup() -> None:
    evil = "<script>alert(1)</script>\x1b\udc80"
    shown = pictures.reading(pictures.layout((evil, "ES")), version=evil)
    snapshot = pictures.snapshot(pictures.version_view(shown))
    [model] = snapshot.models.values()
    alert = pictures.alert(version=evil)
    loud = tuple(replace(finding, slice=evil, field=evil) for finding in alert.findings * 9)
    changed = replace(model, alerts=(replaced(alert, loud),))
    text = status_page(
        Picture(replace(snapshot, models={"credit": changed}), pictures.health(), Counts()), 0.0
    )
    text.encode("utf-8")
    assert "script" not in Balance(text).tags
    assert "and 4 more" in text


def replaced(alert, findings):
    import msgspec

    return msgspec.structs.replace(alert, findings=findings)


def test_the_api_page_has_every_operation() -> None:
    text = docs_page()
    page = Balance(text)
    for operation in OPERATIONS:
        assert f"GET {operation.path}" in text
    assert "POST /api/v1/episodes/{episode}/acknowledge" in text
    assert "script" not in page.tags
    assert all(link.startswith("/") for link in page.links)
