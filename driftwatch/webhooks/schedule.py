"""When to try again, and when to stop: pure arithmetic over attempts, answers and moments."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Final

from driftwatch.alerts.notifications import OutboxRow
from driftwatch.alerts.outbox import Attempt
from driftwatch.webhooks.reasons import FAILING, Reason

DAY_S: Final = 86_400.0


class RowState(StrEnum):
    """States of an outbox row, as `Attempt.state` says them."""

    PENDING = "pending"
    DELIVERED = "delivered"
    SUPERSEDED = "superseded"
    ABANDONED = "abandoned"


@dataclass(frozen=True, slots=True)
class Schedule:
    """Delays between attempts (Standard Webhooks 1.0.0), with limits; another one is for tests."""

    delays_s: tuple[float, ...] = (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
    jitter: float = 0.2
    """Greatest share of a delay that is added to it: never earlier than the schedule says."""
    retry_after_max_s: float = DAY_S
    disable_after_s: float = 5 * DAY_S
    """An endpoint that has done nothing but fail for so long is disabled (F26)."""

    def after(
        self,
        row: OutboxRow,
        before: Attempt | None,
        reason: Reason,
        now_s: float,
        jitter: float,
        retry_after_s: float = 0.0,
        *,
        final: bool = False,
        repeat_s: float = 0.0,
    ) -> Attempt:
        """What the sender remembers of a row after one more attempt.

        `jitter` in [0, 1). `retry_after_s`: how long the receiver asked to wait; it counts where it is later than the
        schedule, up to a day. A failure is tried again until the delays are used up, unless it is `final`. A row with
        `repeat_s` is said again so long after each delivery, and as often while it fails, until a newer one ends it.
        """
        arrived = reason is Reason.DELIVERED
        again = arrived and repeat_s > 0
        failed_before = before is not None and not (repeat_s > 0 and before.arrived)
        attempts = before.attempts + 1 if before is not None and failed_before and not again else 1
        delay_s = repeat_s if again else self._delay_s(attempts, jitter, retry_after_s)
        state = RowState.PENDING
        if arrived and not again:
            state = RowState.DELIVERED
        elif repeat_s > 0:
            delay_s = min(delay_s or repeat_s, max(repeat_s, min(retry_after_s, self.retry_after_max_s)))
        elif final or attempts > len(self.delays_s):
            state = RowState.ABANDONED
        return Attempt(
            id=row.id,
            endpoint=row.endpoint,
            attempts=attempts,
            next_at_s=now_s + delay_s if state is RowState.PENDING else 0.0,
            state=state.value,
            reason="" if arrived else reason.value,
            first_at_s=before.first_at_s if before and before.attempts else now_s,
            last_at_s=now_s,
        )

    def wait_s(self, attempt: Attempt | None, now_s: float) -> float:
        """How long until a row is due; 0 means now.

        A moment further away than any delay comes from a clock that was set back since: it is due now (F28).
        """
        if attempt is None:
            return 0.0
        wait_s = attempt.next_at_s - now_s
        longest_s = max(max(self.delays_s, default=0.0), self.retry_after_max_s) * (1 + self.jitter)
        return wait_s if 0.0 < wait_s <= longest_s else 0.0

    def disables(self, reason: Reason, failing_since_s: float | None, now_s: float) -> str:
        """Why an endpoint is to be disabled after this attempt; empty where it is not."""
        if reason is Reason.HTTP_410:
            return reason.value
        if reason is Reason.DELIVERED or failing_since_s is None:
            return ""
        return FAILING if now_s - failing_since_s >= self.disable_after_s else ""

    def _delay_s(self, attempts: int, jitter: float, retry_after_s: float) -> float:
        if attempts > len(self.delays_s):
            return 0.0
        scheduled_s = self.delays_s[attempts - 1] * (1 + self.jitter * jitter)
        return max(scheduled_s, min(retry_after_s, self.retry_after_max_s))


def parse_retry_after_s(text: str | None, now_s: float) -> float:
    """Seconds that a `Retry-After` header asks to wait: a number, or a date (RFC 9110, 10.2.3); 0 where it says nothing."""
    if text is None:
        return 0.0
    text = text.strip()
    if text.isascii() and text.isdigit():
        return float(min(int(text[:12]), 10**9))
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return 0.0
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.fromtimestamp(now_s, UTC)).total_seconds())
