"""What the demonstration has to show, what was seen of it, and which scene follows."""

from __future__ import annotations

from collections.abc import Callable, Set
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

CALM_S: Final = 8.0
"""So long the daemon has to find the world calm before it changes."""
PAUSE_S: Final = 12.0
"""Shortest time between the two changes of the world."""
PATIENCE_S: Final = 45.0
"""After so long a scene ends without what it should have shown."""


class Act(StrEnum):
    """The five acts, in the order of the story."""

    DRIFT = "drift"
    SLACK = "Slack message"
    REQUEST = "retraining request with a valid signature"
    VERSION = "new version"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that a reader is told: who says it, what, and the act that it completes."""

    who: str
    text: str
    act: Act | None = None
    details: tuple[str, ...] = ()
    """Further lines."""


Tell = Callable[[Happening], None]
"""May be called from any thread."""


class Scene(StrEnum):
    """Where the story stands."""

    CALM = "calm"
    GROSS = "gross"
    """Two features drift in one slice."""
    DOWNTURN = "downturn"
    """Labels go wrong."""
    END = "end"


def following(scene: Scene, since_s: float, seen: Set[Act], calm_s: float) -> Scene:
    """The scene after this one began `since_s` ago; for `calm_s` the daemon has said that all is well."""
    if scene is Scene.CALM and (since_s >= PATIENCE_S or calm_s >= CALM_S):
        return Scene.GROSS
    if scene is Scene.GROSS:
        told = seen >= {Act.DRIFT, Act.SLACK} and since_s >= PAUSE_S
        return Scene.DOWNTURN if told or since_s >= PATIENCE_S else scene
    if scene is Scene.DOWNTURN and seen >= set(Act):
        return Scene.END
    return scene


def missing(seen: Set[Act]) -> list[Act]:
    """The acts that were not seen, in the order of the story."""
    return [act for act in Act if act not in seen]
