"""The status page in a browser: what a person reads, in light and dark, wide and narrow, with the keyboard alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from driftwatch.cli.program import run
from tests.browser.chromium import Page, browser, missing
from tests.browser.serving import SCREENSHOTS, served
from tests.telemetry.lender import lender
from tests.waiting import until

pytestmark = [pytest.mark.slow, pytest.mark.skipif(missing() is not None, reason=str(missing()))]


def fingerprint(rule: str) -> str:
    return next(alert.fingerprint for alert in lender().model.alerts if alert.rule == rule)


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with served(lender()) as url:
        yield url


@pytest.fixture(scope="module")
def opened() -> Iterator[Page]:
    with browser() as page:
        yield page


@pytest.fixture
def page(opened: Page) -> Page:
    """The one tab, as if it were new."""
    opened.requests.clear()
    opened.complaints.clear()
    return opened


def paths() -> dict[str, str]:
    return {
        "overview": "/",
        "model": "/models/credit-default",
        "alert": f"/alerts/{fingerprint('inputs moved')}",
        "gone": "/alerts/nothing",
        "api": "/api/docs",
    }


LOOKS: dict[str, dict[str, Any]] = {
    "light": {},
    "dark": {"dark": True},
    "narrow": {"width": 390, "height": 844},
}
SAID = {
    "overview": (
        "credit-default drifts",
        "The daemon works",
        "income in country=PT: above 4276",
        "Failing: timeout",
    ),
    "model": (
        "accuracy fell",
        "Reliability",
        "Label coverage",
        "retrain job 17",
        "Evidence against the budget",
    ),
    "alert": ("What changed?", "Does it hurt?", "Yes", "Told ml-oncall", "4 h 30 min ago by event time"),
    "gone": ("This alert is not remembered",),
    "api": ("driftwatch API", "/api/v1/windows"),
}


@pytest.mark.parametrize(
    ("name", "look"),
    [
        (name, look) for name in SAID for look in LOOKS if (name, look) != ("api", "dark")
    ],  # long, and the same style
)
def test_a_person_reads_it_and_nothing_is_amiss(name: str, look: str, address: str, page: Page) -> None:
    page.looks(**LOOKS[look])
    page.goto(address + paths()[name])
    text = page.text
    for said in SAID[name]:
        assert said in text, said
    expected = [complaint for complaint in page.complaints if name == "gone" and "404" in complaint]
    assert page.complaints == expected
    assert {request.split("/")[2] for request in page.requests} == {address.removeprefix("http://")}
    page.screenshot(SCREENSHOTS / f"{name}-{look}.png")
    assert page.evaluate("document.documentElement.scrollWidth") <= LOOKS[look].get("width", 1280)
    assert page.faults() == []


def test_with_the_keyboard_alone_one_comes_to_the_alert(address: str, page: Page) -> None:
    page.looks()
    page.goto(address + "/")
    seen: list[str] = []
    for _ in range(8):
        page.press("Tab")
        seen.append(page.evaluate("document.activeElement.innerText.trim()"))
        if seen[-1] == "accuracy fell":
            break
    assert seen[0] == "Skip to the content"
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid", "one sees where one is"
    page.press("Enter")
    assert seen[-1] == "accuracy fell"
    alert = f"{address}/alerts/{fingerprint('accuracy fell')}"
    until(
        lambda: page.address == alert and page.evaluate("document.readyState") == "complete", 30, "it opens"
    )


def test_the_policy_lets_no_script_run(address: str, page: Page) -> None:
    page.goto(address + "/")
    page.evaluate(
        "const s = document.createElement('script'); s.text = 'window.ran = 1'; document.body.append(s); true"
    )
    assert page.evaluate("window.ran") is None
    assert any("Content Security Policy" in complaint for complaint in page.complaints)


def test_a_slice_is_chosen_from_the_table_of_the_heat_map(address: str, page: Page) -> None:
    page.goto(address + "/models/credit-default")
    link = page.evaluate(
        "[...document.querySelectorAll('details a')].find(a => a.innerText == 'country=PT' || a.textContent == 'country=PT').href"
    )
    page.goto(link)
    assert "Slice country=PT, window 1h." in page.text


def test_the_report_is_opened_from_a_file(page: Page, tmp_path: Path) -> None:
    out = tmp_path / "drift.html"
    assert run(["report", "--state", str(lender().folder / "state"), "--out", str(out)]) == 0
    for look, wanted in LOOKS.items():
        page.looks(**wanted)
        page.goto(out.as_uri())
        for said in ("Drift report", "a day of accepted loans", "Performance", "Decisions on credit-default"):
            assert said in page.text, said
        assert page.complaints == []
        assert set(page.requests) == {out.as_uri()}
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == (
            "rgb(15, 18, 22)" if "dark" in wanted else "rgb(245, 246, 248)"
        )
        page.screenshot(SCREENSHOTS / f"report-{look}.png")
        assert page.evaluate("document.documentElement.scrollWidth") <= wanted.get("width", 1280)
        assert page.faults() == []
