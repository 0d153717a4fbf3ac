"""Alerts and episodes as they stand in the checkpoint: immutable, and the same after saving and loading."""

from __future__ import annotations

import math

import msgspec
import pytest

from driftwatch.alerts.alert import Alert, AlertState, Episode, EpisodeState
from tests.alerts.judging import finding


def test_an_alert_survives_saving_also_with_numbers_that_are_none() -> None:
    odd = finding(value=math.inf)
    alert = Alert("f", "m", "1", "r", "input", "drift", AlertState.FIRING, 5, 4, findings=(odd,))
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(alert), type=Alert) == alert


def test_an_episode_survives_saving() -> None:
    episode = Episode("ep_1", "m", "1", EpisodeState.REQUESTED, 1, 2, ("f",), reason="hurts", requested_ms=2)
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(episode), type=Episode) == episode


def test_they_cannot_be_changed() -> None:
    alert = Alert("f", "m", "1", "r", "input", "drift", AlertState.FIRING, 5, 4)
    with pytest.raises(AttributeError):
        alert.rule = "other"  # pyright: ignore[reportAttributeAccessIssue]
