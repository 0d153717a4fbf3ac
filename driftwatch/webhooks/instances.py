"""The instances of clustered endpoints: each is an endpoint of its own, with its own attempts."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from driftwatch.webhooks.spec import EndpointSpec


def instances(endpoints: Sequence[EndpointSpec]) -> list[EndpointSpec]:
    """The endpoints with one more for every peer, called `NAME@HOST:PORT`; no declared name has an `@`."""
    return [one for endpoint in endpoints for one in _each(endpoint)]


def _each(endpoint: EndpointSpec) -> list[EndpointSpec]:
    peers = [
        endpoint.model_copy(
            update={"name": f"{endpoint.name}@{urlsplit(peer).netloc}", "url": peer, "peers": []}
        )
        for peer in endpoint.peers
    ]
    return [endpoint.model_copy(update={"peers": []}), *peers]
