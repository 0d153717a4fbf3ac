"""What the sender shows of itself cannot be changed by those who look at it."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest

from driftwatch.webhooks.status import EndpointStatus


def test_a_new_endpoint_has_done_nothing() -> None:
    status = EndpointStatus()
    assert (status.pending, status.disabled, dict(status.outcomes), status.last_failure) == (0, "", {}, "")


def test_a_status_is_one_value() -> None:
    with pytest.raises(FrozenInstanceError):
        EndpointStatus().pending = 3  # pyright: ignore[reportAttributeAccessIssue]
