"""Peers become endpoints of their own."""

from __future__ import annotations

from driftwatch.webhooks.instances import instances
from driftwatch.webhooks.spec import EndpointSpec


def test_each_instance_has_a_name_and_an_address_and_is_else_the_same() -> None:
    spec = EndpointSpec.model_validate(
        {
            "name": "am",
            "type": "alertmanager",
            "url": "http://am-0:9093",
            "peers": ["http://am-1:9093", "https://am-2.example/prefix"],
            "severities": ["page"],
        }
    )
    hook = EndpointSpec.model_validate({"name": "hook", "url": "https://x"})
    made = instances([spec, hook])
    assert [(e.name, e.url) for e in made] == [
        ("am", "http://am-0:9093"),
        ("am@am-1:9093", "http://am-1:9093"),
        ("am@am-2.example", "https://am-2.example/prefix"),
        ("hook", "https://x"),
    ]
    assert [e.severities for e in made[:3]] == [["page"]] * 3
    assert all(e.peers == [] for e in made)
    assert instances(made) == made
