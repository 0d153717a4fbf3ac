"""How endpoints are declared."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from driftwatch.webhooks.spec import EndpointSpec, EndpointType


def test_an_endpoint_in_two_keys_gets_alerts_of_every_model() -> None:
    endpoint = EndpointSpec.model_validate({"name": "hook", "url": "https://ci.example.com/x"})
    assert endpoint.type is EndpointType.WEBHOOK
    assert (endpoint.on, endpoint.models) == (["alert"], ["*"])
    assert endpoint.allow_networks == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "", "url": "https://x"},
        {"name": "a b", "url": "https://x"},
        {"name": "a"},
        {"name": "a", "url": "https://x", "secret": "in-the-open"},
        {"name": "a", "url": "https://x", "type": "pigeon"},
        {"name": "a", "url": "https://x", "retries": 3},
    ],
)
def test_mistakes_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        EndpointSpec.model_validate(wrong)
