"""What a rule remembers of its members from pane to pane, sparse and ready for the checkpoint."""

from __future__ import annotations

from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from driftwatch.verdicts.rule import Rule

MEMBER: Final = np.dtype(
    [
        ("held", "<i4"),  # breaches in a row
        ("cleared", "<i4"),  # panes in a row within `clear`, while firing
        ("firing", "<i8"),  # 1 once held for long enough, until cleared for long enough
        ("since_ms", "<i8"),  # end of the first pane of the breach
        ("count", "<i8"),  # the numbers of the last pane with enough data
        ("value", "<f8"),
        ("lower", "<f8"),
        ("upper", "<f8"),
    ]
)
"""What is known of one member; all zero: calm. Little-endian, the same bytes everywhere."""

_STORED: Final = np.dtype([("member", "<i8"), ("state", MEMBER)])

Members = NDArray[Any]
"""MEMBER records [slices, fields]."""


class RuleState(msgspec.Struct, frozen=True):
    """The state of one rule, version and window; msgpack of this is its saved form. The empty one starts anew."""

    fingerprint: str = ""
    """Of the rule that wrote it; another rule's state is not taken up."""
    rows: bytes = b""
    """Members that are pending or firing, in order; the calm ones take no room."""


def load(rule: Rule, state: RuleState) -> Members:
    """The members of a rule, MEMBER [slices, fields]; all calm where another rule wrote the state."""
    members = np.zeros(rule.mask.size, MEMBER)
    if state.fingerprint == rule.fingerprint:
        stored = np.frombuffer(state.rows, _STORED)
        members[stored["member"]] = stored["state"]
    return members.reshape(rule.mask.shape)


def save(rule: Rule, members: Members) -> RuleState:
    """The state that `load` turns back into these members."""
    flat = members.reshape(-1)
    loud = np.flatnonzero((flat["held"] > 0) | (flat["firing"] > 0))
    stored = np.zeros(len(loud), _STORED)
    stored["member"], stored["state"] = loud, flat[loud]
    return RuleState(rule.fingerprint, stored.tobytes())
