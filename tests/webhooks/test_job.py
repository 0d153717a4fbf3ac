"""What a retraining job is told."""

from __future__ import annotations

from driftwatch.webhooks.job import PARAMETERS, parameters_of
from tests.webhooks.told import EPISODE, requested


def test_the_parameters_are_the_documented_ones_and_texts() -> None:
    told = parameters_of(requested())
    assert tuple(told) == PARAMETERS
    assert told["episode"] == EPISODE.id
    assert all(isinstance(text, str) and text for text in told.values())
