"""Which endpoints a notification goes to, and that its bodies are the same whenever they are made."""

from __future__ import annotations

import msgspec
import pytest

from driftwatch.alerts.notifications import Notification
from driftwatch.webhooks.generic import generic_body
from driftwatch.webhooks.render import render
from driftwatch.webhooks.slack import slack_body
from driftwatch.webhooks.spec import EndpointSpec
from tests.webhooks.told import ended, firing, requested, resolved


def endpoint(name: str = "hook", **given: object) -> EndpointSpec:
    return EndpointSpec.model_validate({"name": name, "url": "https://example.com/", **given})


def chosen(notification: Notification, **given: object) -> bool:
    return bool(render(notification, [endpoint(**given)]))


@pytest.mark.parametrize(
    ("on", "kinds"),
    [
        (["alert"], {"alert.firing", "alert.resolved"}),
        (["alert.firing"], {"alert.firing"}),
        (["retrain"], {"retrain.requested", "retrain.ended"}),
        (["retrain.requested", "alert.resolved"], {"retrain.requested", "alert.resolved"}),
        ([], set[str]()),
        (["alert", "retrain"], {"alert.firing", "alert.resolved", "retrain.requested", "retrain.ended"}),
    ],
)
def test_on_chooses_by_kind(on: list[str], kinds: set[str]) -> None:
    every = [firing(), resolved(), requested(), ended()]
    assert {n.type.value for n in every if chosen(n, on=on)} == kinds


def test_severities_choose_alerts_and_never_hold_back_a_retraining() -> None:
    assert not chosen(firing(), severities=["warning"])
    assert chosen(firing(), severities=["drift"])
    assert chosen(requested(), on=["retrain"], severities=["warning"])


def test_on_page_takes_the_alerts_that_may_wake_somebody() -> None:
    page, ticket = (msgspec.structs.replace(firing(), severity=severity) for severity in ("page", "ticket"))
    assert chosen(page, on=["page"])
    assert not chosen(ticket, on=["page"])
    assert not chosen(requested(), on=["page"])
    assert chosen(ticket)


@pytest.mark.parametrize(
    ("models", "sent"), [(["*"], True), (["credit-*"], True), (["fraud", "CREDIT-*"], False), ([], False)]
)
def test_models_choose_by_pattern(models: list[str], sent: bool) -> None:
    assert chosen(firing(), models=models) is sent


def test_each_endpoint_gets_one_row_with_the_body_of_its_type() -> None:
    told = firing()
    rows = render(told, [endpoint("chat", type="slack"), endpoint("hook"), endpoint("off", on=["retrain"])])
    assert [(r.endpoint, r.body) for r in rows] == [
        ("chat", slack_body(told)),
        ("hook", generic_body(told)),
    ]
    for r in rows:
        assert (r.id, r.type, r.subject, r.created_ms) == (
            told.id,
            "alert.firing",
            told.subject,
            told.time_ms,
        )


def test_bodies_do_not_depend_on_the_order_of_keys() -> None:
    told = requested()
    turned = Notification(
        **{f: getattr(told, f) for f in told.__struct_fields__ if f != "data"},
        data=dict(reversed(told.data.items())),
    )
    endpoints = [endpoint("chat", type="slack", on=["retrain"]), endpoint(on=["retrain"])]
    assert render(told, endpoints) == render(turned, endpoints)


def test_without_endpoints_nothing_is_rendered() -> None:
    assert render(firing(), []) == []
