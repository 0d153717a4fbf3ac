"""The body for a Discord webhook, and whatever speaks the same: one embed, with no mention whatever the data says."""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec

from driftwatch.alerts.notifications import Notification
from driftwatch.webhooks.spec import EndpointSpec
from driftwatch.webhooks.story import cut, story_of

TITLE_MAX: Final = 256
FIELD_MAX: Final = 1_024
DESCRIPTION_MAX: Final = 2_000
GOOD: Final = 0x2E7D32
BAD: Final = 0xC62828
_MARKUP: Final = re.compile(r"([\\`*_~|<>\[\]()#@:-])")


def discord_body(notification: Notification, endpoint: EndpointSpec) -> bytes:
    """`IncomingWebhookRequestPartial` with one embed (discord/discord-api-spec, specs/openapi.json)."""
    del endpoint
    story = story_of(notification)
    embed: dict[str, Any] = {
        "title": cut(_plain(story.title), TITLE_MAX),
        "url": story.link,
        "color": GOOD if story.good else BAD,
        "fields": [{"name": name, "value": cut(_plain(text), FIELD_MAX)} for name, text in story.facts],
    }
    if story.findings:
        embed["description"] = cut("\n".join(_plain(line) for line in story.findings), DESCRIPTION_MAX)
    message = {"allowed_mentions": {"parse": list[str]()}, "embeds": [embed]}
    return msgspec.json.encode(message, order="sorted")


def _plain(text: str) -> str:
    """Text that Discord shows letter by letter."""
    return _MARKUP.sub(r"\\\1", text)
