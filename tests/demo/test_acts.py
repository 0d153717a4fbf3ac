"""The story goes on when its acts were seen, and says what is missing."""

from __future__ import annotations

import pytest

from driftwatch.demo.acts import CALM_S, PATIENCE_S, PAUSE_S, Act, Scene, following, missing

TOLD = {Act.DRIFT, Act.SLACK}


@pytest.mark.parametrize(
    ("scene", "since_s", "seen", "calm", "then"),
    [
        (Scene.CALM, CALM_S, set[Act](), True, Scene.GROSS),
        (Scene.CALM, CALM_S - 1, set[Act](), True, Scene.CALM),
        (Scene.CALM, CALM_S + 1, set[Act](), False, Scene.CALM),
        (Scene.CALM, PATIENCE_S, set[Act](), False, Scene.GROSS),
        (Scene.GROSS, PAUSE_S, TOLD, True, Scene.DOWNTURN),
        (Scene.GROSS, PAUSE_S - 1, TOLD, True, Scene.GROSS),
        (Scene.GROSS, PAUSE_S, {Act.DRIFT}, True, Scene.GROSS),
        (Scene.GROSS, PATIENCE_S, set[Act](), True, Scene.DOWNTURN),
        (Scene.DOWNTURN, 1_000.0, set(Act) - {Act.RESOLVED}, True, Scene.DOWNTURN),
        (Scene.DOWNTURN, 0.0, set(Act), True, Scene.END),
        (Scene.END, 0.0, set(Act), True, Scene.END),
    ],
)
def test_scenes_follow_each_other(
    scene: Scene, since_s: float, seen: set[Act], calm: bool, then: Scene
) -> None:
    assert following(scene, since_s, seen, calm) is then


def test_what_is_missing_is_said_in_the_order_of_the_story() -> None:
    assert missing(set()) == list(Act)
    assert missing({Act.SLACK, Act.RESOLVED}) == [Act.DRIFT, Act.REQUEST, Act.VERSION]
    assert missing(set(Act)) == []
