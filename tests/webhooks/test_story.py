"""What a notification says to a person, without markup."""

from __future__ import annotations

import msgspec

from driftwatch.webhooks.story import cut, names, story_of
from tests.webhooks.told import INPUTS, ended, firing, requested, resolved


def test_an_alert() -> None:
    story = story_of(firing())
    assert story.title == "Drift in credit-default: psi"
    assert dict(story.facts) == {
        "Rule": "psi (input)",
        "Version": "2026-01",
        "Where": "age in country=PT",
        "Since": "2026-01-01 11:50 UTC",
    }
    assert story.findings == (
        "age in country=PT, 1h: psi 0.4125 (limit 0.25, 1000 events); 18-25: 4.0 % -> 11.2 %",
    )
    assert not story.good


def test_its_end() -> None:
    story = story_of(resolved())
    assert story.title == "Resolved in credit-default: psi"
    assert dict(story.facts)["Resolved"] == "2026-01-01 13:30 UTC: it has recovered"
    assert story.findings == ()
    assert story.good


def test_a_request_and_its_end() -> None:
    story = story_of(requested())
    assert dict(story.facts)["Data"] == "2026-01-01 10:50 UTC to 2026-01-01 12:00 UTC"
    assert "labels" in story.findings[0], "what hurts comes first, and rests on labels"
    over = story_of(ended())
    assert dict(over.facts)["New version"] == "2026-02"
    assert over.lines[0] == "Why: a new version is established"


def test_long_names_are_cut_and_many_are_counted() -> None:
    story = story_of(firing(msgspec.structs.replace(INPUTS, rule="r" * 500)))
    assert len(story.title) < 120
    assert cut("abc", 2) == "a…"
    assert names(list("abcdefgh"), 20, "none") == "a, b, c, d, e, f and 14 more"
    assert names([], 0, "none") == "none"
    assert names([], 3, "none") == "3 of them"
