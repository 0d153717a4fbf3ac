"""What an embed shows; tests/contracts/test_published_schemas.py holds it to the published schema."""

from __future__ import annotations

import json

import msgspec

from driftwatch.webhooks.discord import BAD, GOOD, discord_body
from driftwatch.webhooks.spec import EndpointSpec, EndpointType
from tests.webhooks.told import INPUTS, firing, resolved

SPEC = EndpointSpec(name="d", type=EndpointType.DISCORD, url="https://x")


def test_an_embed_says_what_changed_and_links_to_the_page() -> None:
    (embed,) = json.loads(discord_body(firing(), SPEC))["embeds"]
    assert embed["title"] == r"Drift in credit\-default\: psi"
    assert {field["name"] for field in embed["fields"]} == {"Rule", "Version", "Where", "Since"}
    assert "psi 0.4125" in embed["description"]
    assert (embed["url"], embed["color"]) == ("https://driftwatch.internal/alerts/1111111111111111", BAD)
    assert json.loads(discord_body(resolved(), SPEC))["embeds"][0]["color"] == GOOD


def test_markup_in_data_is_shown_as_it_is() -> None:
    told = firing(msgspec.structs.replace(INPUTS, rule="**[a](http://b)** <@1> `c`"))
    assert json.loads(discord_body(told, SPEC))["embeds"][0]["title"].endswith(
        r"\*\*\[a\]\(http\://b\)\*\* \<\@1\> \`c\`"
    )
