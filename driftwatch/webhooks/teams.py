"""The body for a Microsoft Teams workflow ("when a webhook request is received"): one adaptive card."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from driftwatch.alerts.notifications import Notification
from driftwatch.webhooks.spec import EndpointSpec
from driftwatch.webhooks.story import story_of

CARD: Final = "application/vnd.microsoft.card.adaptive"
VERSION: Final = "1.4"
"""The newest version of cards that a workflow's webhook takes everywhere."""


def teams_body(notification: Notification, endpoint: EndpointSpec) -> bytes:
    """A message with one card (microsoft/AdaptiveCards, schemas/1.4.0/adaptive-card.json).

    The message is an activity of the Bot Framework (microsoft/botbuilder-dotnet, Swagger/ConnectorAPI.json), as
    MicrosoftDocs/msteams-docs says for webhooks; a `contentUrl` of null, which its example shows, is no text.

    Text from data stands in text runs, which know no Markdown: no value can be a link, a mention or a format.
    """
    del endpoint
    story = story_of(notification)
    title = {"type": "TextRun", "text": story.title, "weight": "bolder", "size": "large"}
    title["color"] = "good" if story.good else "attention"
    body = [_rich(title)]
    body += [
        _rich({"type": "TextRun", "text": f"{name}  ", "weight": "bolder"}, {"type": "TextRun", "text": text})
        for name, text in story.facts
    ]
    body += [_rich({"type": "TextRun", "text": f"• {line}"}) for line in story.findings]
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": VERSION,
        "body": body,
        "actions": [{"type": "Action.OpenUrl", "title": "Read on", "url": story.link}],
    }
    message = {"type": "message", "attachments": [{"contentType": CARD, "content": card}]}
    return msgspec.json.encode(message, order="sorted")


def _rich(*runs: dict[str, str]) -> dict[str, Any]:
    return {"type": "RichTextBlock", "inlines": list(runs)}
