"""Every endpoint type has its target, and the configuration's usual kinds are kinds that it takes."""

from __future__ import annotations

from driftwatch.webhooks.catalogue import TARGETS
from driftwatch.webhooks.render import render
from driftwatch.webhooks.spec import USUAL_ON, EndpointSpec, EndpointType
from tests.webhooks.told import ended, firing, requested, resolved


def test_every_type_has_a_target() -> None:
    assert set(TARGETS) == set(EndpointType)


def test_what_is_sent_where_nothing_is_said_is_what_the_type_takes() -> None:
    every = [firing(), resolved(), requested(), ended()]
    for type_, target in TARGETS.items():
        spec = EndpointSpec.model_validate({"name": "t", "type": type_.value, "url": "https://x"})
        sent = {told.type.value for told in every if render(told, [spec])}
        assert sent, type_
        assert sent <= target.kinds
        assert (type_ in USUAL_ON) == (not sent & {"alert.firing"})
