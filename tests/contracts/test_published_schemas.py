"""Bodies for paging and chat services against the schemas that those publish, also with hostile names."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from jsonschema import Draft202012Validator, FormatChecker

from driftwatch.alerts.notifications import Notification
from driftwatch.webhooks.reasons import Reason
from driftwatch.webhooks.spec import EndpointSpec, EndpointType
from driftwatch.webhooks.teams import teams_body
from tests.contracts.test_targets import JSON, TOKEN, attempt, told_of
from tests.webhooks.told import AGE, INPUTS, ended, firing, requested, resolved

SCHEMAS = Path(__file__).parent / "schemas"
HOSTILE = "@everyone <!channel> [x](http://evil) **b** `c` \u202e\x00 " + "n" * 5_000


def hostile() -> Notification:
    findings = tuple(replace(AGE, slice=f"s{i}={HOSTILE}", field=HOSTILE) for i in range(50))
    return firing(msgspec.structs.replace(INPUTS, rule=HOSTILE, version=HOSTILE, findings=findings))


ALERTS = {"firing": firing(), "resolved": resolved(), "hostile": hostile()}
ALL = ALERTS | {"requested": requested(), "ended": ended()}


def valid(body: bytes, schema: str) -> Any:
    told = json.loads(body)
    checker = Draft202012Validator(json.loads((SCHEMAS / schema).read_text()), format_checker=FormatChecker())
    assert [error.message for error in checker.iter_errors(told)] == []
    return told


@pytest.mark.parametrize("name", ALERTS)
def test_pagerduty_events_v2(name: str, tmp_path: Path) -> None:
    (tmp_path / "key").write_text(TOKEN)
    request, answer = attempt(ALERTS[name], "pagerduty", 202, token={"file": str(tmp_path / "key")})
    assert request.head == "POST /v2/enqueue HTTP/1.1"
    assert told_of(request) == JSON
    event = valid(request.body, "pagerduty-events-v2.json")
    assert event["routing_key"] == TOKEN
    assert event["event_action"] == ("resolve" if name == "resolved" else "trigger")
    assert event["dedup_key"] == INPUTS.fingerprint
    assert len(event["payload"]["summary"]) <= 1_024, "what PagerDuty keeps of a summary"
    assert len(request.body) < 512_000, "the largest event"
    assert answer.reason is Reason.DELIVERED


@pytest.mark.parametrize("name", ALL)
def test_discord_webhook(name: str) -> None:
    request, answer = attempt(ALL[name], "discord", 204, prefix="/api/webhooks/1/t")
    assert request.head == "POST /api/webhooks/1/t HTTP/1.1"
    assert told_of(request) == JSON
    message = valid(request.body, "discord-webhook.json")
    assert message["allowed_mentions"] == {"parse": []}, "nobody is mentioned, whatever the data says"
    (embed,) = message["embeds"]
    texts = [embed["title"], embed.get("description", "")]
    texts += [text for field in embed["fields"] for text in field.values()]
    assert sum(map(len, texts)) <= 6_000, "the characters that all embeds of a message may have"
    assert "[x](" not in "".join(texts)
    assert answer.reason is Reason.DELIVERED


@pytest.mark.parametrize("name", ALL)
def test_teams_message(name: str) -> None:
    request, answer = attempt(ALL[name], "teams", 202, prefix="/workflows/1")
    assert request.head == "POST /workflows/1 HTTP/1.1"
    assert told_of(request) == JSON
    valid(request.body, "teams-message.json")
    assert len(request.body) <= 28_000, "the largest message that Teams takes"
    assert answer.reason is Reason.DELIVERED


@pytest.mark.parametrize(
    ("where", "wrong"),
    [
        (("type",), "event"),
        (("attachments",), []),
        (("attachments", 0, "contentType"), "application/json"),
        (("attachments", 0, "contentUrl"), None),
        (("attachments", 0, "content", "version"), "9.9"),
        (("attachments", 0, "content", "body", 0, "inlines", 0, "weight"), "heavy"),
    ],
)
def test_the_schema_of_teams_refuses_what_it_must(where: tuple[str | int, ...], wrong: object) -> None:
    message = json.loads(
        teams_body(firing(), EndpointSpec(name="t", type=EndpointType.TEAMS, url="https://x"))
    )
    *path, last = where
    part = message
    for step in path:
        part = part[step]
    part[last] = wrong
    with pytest.raises(AssertionError):
        valid(json.dumps(message).encode(), "teams-message.json")
