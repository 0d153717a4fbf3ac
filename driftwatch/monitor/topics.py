"""Which topics were counted: one of the same name that was made later is another one, whatever its offsets (F30)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from driftwatch.errors import OffsetsGoneError

TOPICS: Final = "topics"
"""The state that holds the identity of each topic."""


class CountedTopics:
    """Identities as of the last commit, and those met since."""

    def __init__(self, stored: bytes | None) -> None:
        self._stored = stored
        self._known = msgspec.json.decode(stored, type=dict[str, str]) if stored else {}

    def meet(self, now: Mapping[str, str]) -> None:
        """Take up what the topics are now; OffsetsGoneError if one is not the topic that was counted."""
        other = sorted(
            topic for topic, identity in now.items() if self._known.get(topic, identity) != identity
        )
        if other:
            raise OffsetsGoneError(
                f"the topic was made anew since it was counted: {', '.join(other)}. Its offsets mean other records now; "
                "`driftwatch state rebuild --all` lets the next start count again what is there "
                "(`kafka.on_reset: rebuild` lets the daemon do so itself)"
            )
        self._known |= now

    def unsaved(self) -> bytes | None:
        """What the next commit must store; None if it is stored already."""
        data = msgspec.json.encode(self._known, order="sorted")
        return None if data == self._stored or not self._known else data

    def saved(self, data: bytes | None) -> None:
        """A commit has stored what `unsaved` gave."""
        self._stored = data or self._stored
