"""What a card shows; tests/contracts/test_published_schemas.py holds it to the published schema."""

from __future__ import annotations

import json

from driftwatch.webhooks.spec import EndpointSpec, EndpointType
from driftwatch.webhooks.teams import teams_body
from tests.webhooks.told import firing, resolved

SPEC = EndpointSpec(name="t", type=EndpointType.TEAMS, url="https://x")


def test_a_card_says_what_changed_where_and_since_when_and_links_to_the_page() -> None:
    (attachment,) = json.loads(teams_body(firing(), SPEC))["attachments"]
    card = attachment["content"]
    text = "\n".join("".join(run["text"] for run in block["inlines"]) for block in card["body"])
    assert text.startswith("Drift in credit-default: psi\n")
    for part in ("age in country=PT", "2026-01-01 11:50 UTC", "psi 0.4125"):
        assert part in text
    assert card["actions"][0]["url"] == "https://driftwatch.internal/alerts/1111111111111111"


def test_an_end_is_shown_as_good() -> None:
    for told, colour in ((firing(), "attention"), (resolved(), "good")):
        card = json.loads(teams_body(told, SPEC))["attachments"][0]["content"]
        assert card["body"][0]["inlines"][0]["color"] == colour
