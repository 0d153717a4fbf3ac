"""How often the same thing may be said: per key once in a stretch of time, with a count of what was held back (F10)."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Final

MAX_KEYS: Final = 10_000
"""Keys remembered; beyond it the one that has been quiet longest is forgotten."""


@dataclass(slots=True)
class _Held:
    said_at_s: float
    amount: int


class Limiter:
    """Gathers amounts per key and says when to speak; `clock` is monotonic seconds."""

    def __init__(self, every_s: float, clock: Callable[[], float]) -> None:
        self._every_s = every_s
        self._clock = clock
        self._keys: OrderedDict[Hashable, _Held] = OrderedDict()

    def gather(self, key: Hashable, amount: int = 1) -> int:
        """The amount gathered since the key was last spoken of, if it is time to speak now; otherwise 0."""
        now_s = self._clock()
        held = self._keys.get(key)
        if held is None:
            held = self._keys[key] = _Held(now_s - self._every_s, 0)
            if len(self._keys) > MAX_KEYS:
                self._keys.popitem(last=False)
        self._keys.move_to_end(key)
        held.amount += amount
        if now_s - held.said_at_s < self._every_s:
            return 0
        total, held.amount, held.said_at_s = held.amount, 0, now_s
        return total
