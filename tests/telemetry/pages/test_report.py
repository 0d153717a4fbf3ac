import re

from driftwatch.telemetry.pages.report import Audited, report_page
from driftwatch.telemetry.pages.style import STYLE
from tests.telemetry import pictures
from tests.telemetry.lender import START_MS, lender
from tests.telemetry.markup import Seen


def audited() -> Audited:
    shown = lender()
    from driftwatch.cli.report import audited as read

    return read(shown.folder / "state")


def test_it_is_one_file_that_asks_nobody_and_runs_nothing() -> None:
    text = report_page(audited(), START_MS)
    seen = Seen(text)
    assert "script" not in seen.tags
    assert STYLE in text
    assert "link" not in seen.tags
    assert "style-src &#x27;sha256-" in text
    base, *links = seen.links
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/", base), "links lead to the daemon"
    assert all(link.startswith("/") for link in links)


def test_an_auditor_finds_period_reference_configuration_and_decisions() -> None:
    found = audited()
    words = Seen(report_page(found, START_MS)).words
    assert "Period 1 Mar 2026, 00:10 UTC to 1 Mar 2026, 09:59 UTC" in words
    assert f"Configuration {found.configuration}" in words
    (reference,) = found.references
    assert reference in words
    assert "Built from a day of accepted loans" in words
    assert "All that are remembered, the newest first." in words
    assert words.count("its limit was crossed") == sum(
        d.reason == "breached" for d in lender().model.decisions
    )
    assert "PSI income" in words


def test_it_shows_the_same_pictures_as_the_page() -> None:
    labels = Seen(report_page(audited(), START_MS)).labels
    for picture in (
        "Verdicts from",
        "Accuracy: now",
        "income in country=PT",
        "PSI by slice",
        "Evidence against",
        "Reliability",
        "Label coverage",
    ):
        assert any(label.startswith(picture) for label in labels), picture


def test_one_model_can_be_chosen_and_an_empty_state_says_so() -> None:
    assert "Drift report" in Seen(report_page(Audited("x", pictures.snapshot()), 0, "nobody")).words
    assert "nothing was counted yet" in Seen(report_page(Audited("x", pictures.snapshot()), 0)).words
