"""The closed list of classes in which a record can end, the same word in metric, log and dead letter."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Stream(StrEnum):
    """What a record is about; each stream is counted in panes of its own event time."""

    PREDICTIONS = "predictions"
    FEATURES = "features"
    LABELS = "labels"


class RecordClass(StrEnum):
    """Where a record ends: `class` or `invalid:reason`. The counts over all classes sum to the records consumed."""

    ACCEPTED = "accepted"
    WAITING = "waiting"
    LATE = "late"
    FUTURE = "future"
    DUPLICATE = "duplicate"
    DUPLICATE_CONFLICT = "duplicate_conflict"
    UNJOINED = "unjoined"
    UNMATCHED = "unmatched"
    LABEL_CONFLICT = "label_conflict"
    MISSING_LABEL = "missing_label"
    NOT_SAMPLED = "not_sampled"
    UNKNOWN_VERSION = "unknown_version"
    LEARNING = "learning"
    FILTERED = "filtered"
    OVER_LIMIT = "over_limit"
    INVALID_TOMBSTONE = "invalid:tombstone"
    INVALID_EMPTY = "invalid:empty"
    INVALID_UTF8 = "invalid:not_utf8"
    INVALID_JSON = "invalid:not_json"
    INVALID_NESTING = "invalid:too_deep"
    INVALID_DUPLICATE_KEY = "invalid:duplicate_key"
    INVALID_NOT_OBJECT = "invalid:not_an_object"
    INVALID_ID = "invalid:bad_id"
    INVALID_TIME = "invalid:bad_time"
    INVALID_LABEL = "invalid:bad_label"
    INVALID_VERSION = "invalid:bad_version"

    @property
    def reason(self) -> str:
        """The part after the colon; empty for classes without reasons."""
        return self.value.partition(":")[2]

    @property
    def family(self) -> str:
        """The part before the colon: the class as users count it."""
        return self.value.partition(":")[0]


CLASSES: Final[tuple[RecordClass, ...]] = tuple(RecordClass)
"""Every class; a record's class travels in arrays as its position here."""

CODE: Final[dict[RecordClass, int]] = {c: i for i, c in enumerate(CLASSES)}

DEAD_LETTERS: Final[frozenset[RecordClass]] = frozenset(
    c for c in CLASSES if c.family == "invalid" or c is RecordClass.OVER_LIMIT
)
"""Classes whose records are kept (cut and escaped) as dead letters."""
