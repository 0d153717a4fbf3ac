"""The closed list of what can be wrong with data, the same word in verdict, metric, log, message and API."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Reason(StrEnum):
    """What is wrong with the data of a pane; never drift, and never a reason to retrain."""

    NEW_FIELD = "new_field"
    REMOVED_FIELD = "removed_field"
    RENAMED_FIELD = "renamed_field"
    TYPE_CHANGE = "type_change"
    UNIT_CHANGE = "unit_change"
    CONSTANT = "constant"
    DUPLICATE_ID = "duplicate_id"
    CONFLICTING_LABEL = "conflicting_label"
    EVENT_RATE = "event_rate"
    MISSING = "missing"
    INVALID = "invalid"
    UNSEEN = "unseen"
    OUT_OF_RANGE = "out_of_range"


SAYS: Final[dict[Reason, str]] = {
    Reason.NEW_FIELD: "A field that no record of the reference had is in at least half of the records looked at.",
    Reason.REMOVED_FIELD: "A field of the reference is in none of the pane's events.",
    Reason.RENAMED_FIELD: "A field is gone, and a new one holds values like those that the reference has of it.",
    Reason.TYPE_CHANGE: "At least half of the values are of another type than the reference's.",
    Reason.UNIT_CHANGE: "The values fit the reference once they are divided by a factor such as 100 or 1000.",
    Reason.CONSTANT: "Every value is the same, which by the reference cannot be chance.",
    Reason.DUPLICATE_ID: "At least one record in twenty has the id of an earlier one.",
    Reason.CONFLICTING_LABEL: "At least one label in a hundred contradicts an earlier label of the same prediction.",
    Reason.EVENT_RATE: "Less than half as many events as in the quietest pane of the reference, or more than twice as many as in its busiest.",
    Reason.MISSING: "The share of missing values is a tenth above the reference's.",
    Reason.INVALID: "The share of values of the wrong type is a tenth above the reference's.",
    Reason.UNSEEN: "The share of categories that the reference does not have is a tenth above the reference's.",
    Reason.OUT_OF_RANGE: "The share of values outside of the reference's range is a tenth above the reference's.",
}
"""What each means, for the handbook."""


@dataclass(frozen=True, slots=True)
class Issue:
    """One reason in one pane, for one field (or none), with its size and an example."""

    reason: Reason
    field: str
    share: float
    """Of the events (or of the records looked at) that show it; `event_rate`: events ÷ the limit that was passed."""
    count: int
    """Events that it rests on."""
    example: str
    """For people; escaped and cut."""
