"""The story goes on when its acts were seen, and says what is missing."""

from __future__ import annotations

import pytest

from driftwatch.demo.acts import CALM_S, PATIENCE_S, PAUSE_S, Act, Scene, following, missing

TOLD = {Act.DRIFT, Act.SLACK}


@pytest.mark.parametrize(
    ("scene", "since_s", "seen", "calm_s", "then"),
    [
        (Scene.CALM, CALM_S + 3, set[Act](), CALM_S, Scene.GROSS),
        (Scene.CALM, CALM_S + 3, set[Act](), CALM_S - 1, Scene.CALM),
        (Scene.CALM, PATIENCE_S - 1, set[Act](), 0.0, Scene.CALM),
        (Scene.CALM, PATIENCE_S, set[Act](), 0.0, Scene.GROSS),
        (Scene.GROSS, PAUSE_S, TOLD, 50.0, Scene.DOWNTURN),
        (Scene.GROSS, PAUSE_S - 1, TOLD, 50.0, Scene.GROSS),
        (Scene.GROSS, PAUSE_S, {Act.DRIFT}, 50.0, Scene.GROSS),
        (Scene.GROSS, PATIENCE_S, set[Act](), 50.0, Scene.DOWNTURN),
        (Scene.DOWNTURN, 1_000.0, set(Act) - {Act.RESOLVED}, 50.0, Scene.DOWNTURN),
        (Scene.DOWNTURN, 0.0, set(Act), 50.0, Scene.END),
        (Scene.END, 0.0, set(Act), 50.0, Scene.END),
    ],
)
def test_scenes_follow_each_other(
    scene: Scene, since_s: float, seen: set[Act], calm_s: float, then: Scene
) -> None:
    assert following(scene, since_s, seen, calm_s) is then


def test_what_is_missing_is_said_in_the_order_of_the_story() -> None:
    assert missing(set()) == list(Act)
    assert missing({Act.SLACK, Act.RESOLVED}) == [Act.DRIFT, Act.REQUEST, Act.VERSION]
    assert missing(set(Act)) == []
