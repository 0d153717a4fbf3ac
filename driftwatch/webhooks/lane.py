"""The way to one endpoint: takes what is due from the outbox, lets it be posted, writes down what became of it."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

import msgspec

from driftwatch.alerts.notifications import NotificationType, OutboxRow
from driftwatch.alerts.outbox import Attempt, Outbox
from driftwatch.webhooks.catalogue import target_of
from driftwatch.webhooks.reasons import Reason
from driftwatch.webhooks.schedule import RowState, Schedule, parse_retry_after_s
from driftwatch.webhooks.spec import EndpointSpec
from driftwatch.webhooks.status import AttemptMade, EndpointDisabled, EndpointStatus, Report, SenderFailed

LOOK_AGAIN_S: Final = 60.0
"""The outbox is looked at so often even if nobody says that something is new."""
HELD_MAX: Final = 1_000
"""Rows that are looked through for one that is not to be said again, while another daemon is the active one."""
AFTER_FAULT_S: Final = 5.0
"""Pause after the outbox could not be read or written."""


class Answer(NamedTuple):
    """What one request came to."""

    reason: Reason
    status: int = 0
    retry_after: str | None = None
    final: bool = False
    """A failure that no repetition heals."""


Post = Callable[[EndpointSpec, OutboxRow], Awaitable[Answer]]
"""Sends one row to its endpoint; never raises but when it is cancelled."""


class Clock:
    """Wall-clock seconds that never jump: the wall clock of the start, carried on by the monotonic one (F28)."""

    def __init__(self, wall_s: Callable[[], float], steady_s: Callable[[], float]) -> None:
        self._steady_s = steady_s
        self._offset_s = wall_s() - steady_s()

    def now_s(self) -> float:
        """Seconds since the epoch as far as they went by for this process."""
        return self._offset_s + self._steady_s()


@dataclass(frozen=True, slots=True)
class Timing:
    """Everything about time and chance that a lane needs; tests give their own."""

    schedule: Schedule = field(default_factory=Schedule)
    clock: Clock = field(default_factory=lambda: Clock(time.time, time.monotonic))
    jitter: Callable[[], float] = random.random


class Lane:
    """One endpoint's task, in the sender's event loop; a lane that hangs or fails holds up no other."""

    def __init__(
        self,
        endpoint: EndpointSpec,
        outbox: Outbox,
        post: Post,
        timing: Timing,
        tell: Callable[[Report], None],
    ) -> None:
        self.endpoint = endpoint
        self.status = EndpointStatus()
        self.standing_by = False
        """Another daemon is the active one and decides what still fires: what has arrived is not said again."""
        self._target = target_of(endpoint)
        self._outbox = outbox
        self._post = post
        self._timing = timing
        self._tell = tell
        self._wake = asyncio.Event()
        self._stopping = False
        self._unwritten: Attempt | None = None
        """What could not be written down yet: nothing is sent before, or a delivered row would be sent again."""
        self._throttled_until_s = 0.0

    def wake(self) -> None:
        """Look at the outbox now."""
        self._wake.set()

    def stop(self) -> None:
        """End after the attempt that is under way."""
        self._stopping = True
        self._wake.set()

    async def run(self) -> None:
        """Send what is due until stopped."""
        while not self._stopping:
            self._wake.clear()
            try:
                wait_s = await self._turn()
            except Exception as error:
                self._tell(SenderFailed(self.endpoint.name, f"{type(error).__name__}: {error}"))
                wait_s = AFTER_FAULT_S
                self._wake.clear()
            if wait_s > 0 and not self._stopping:
                await self._pause(wait_s)

    async def _pause(self, wait_s: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(min(wait_s, LOOK_AGAIN_S)):
                await self._wake.wait()

    async def _turn(self) -> float:
        """Make one attempt if one is due; how long to wait before the next turn."""
        self._write_down()
        name = self.endpoint.name
        self.status = replace(
            self.status,
            pending=self._outbox.lengths().get(name, 0),
            disabled=self._outbox.disabled().get(name, ""),
        )
        row, before = self._next()
        if row is None:
            return LOOK_AGAIN_S
        if self._target.stateful and self._outbox.overtaken(row):
            self._supersede(row, before)
            return 0.0
        now_s = self._timing.clock.now_s()
        wait_s = max(self._timing.schedule.wait_s(before, now_s), self._throttled_until_s - now_s)
        if wait_s > 0:
            return wait_s
        await self._attempt(row, before)
        return 0.0

    def _next(self) -> tuple[OutboxRow | None, Attempt | None]:
        """The row that is due first."""
        if self.status.disabled:
            return None, None
        rows = self._outbox.pending(self.endpoint.name, HELD_MAX if self.standing_by else 1)
        for row, before in rows:
            if not (self.standing_by and before is not None and before.arrived):
                return row, before
        return None, None

    def _supersede(self, row: OutboxRow, before: Attempt | None) -> None:
        """A newer state of the same subject is to be told: this one must not arrive after it."""
        arrived = before is not None and before.arrived
        state = RowState.DELIVERED if arrived else RowState.SUPERSEDED
        if before is None:
            before = Attempt(row.id, row.endpoint, 0, 0.0, state.value)
        self._outbox.record(msgspec.structs.replace(before, state=state.value, next_at_s=0.0))

    async def _attempt(self, row: OutboxRow, before: Attempt | None) -> None:
        answer = await self._posted(row)
        now_s = self._timing.clock.now_s()
        retry_after_s = parse_retry_after_s(answer.retry_after, now_s)
        schedule = self._timing.schedule
        repeat_s = 0.0
        if self._target.repeats and row.type == NotificationType.ALERT_FIRING:
            repeat_s = self.endpoint.resend_every / 1_000
        after = schedule.after(
            row,
            before,
            answer.reason,
            now_s,
            self._timing.jitter(),
            retry_after_s,
            final=answer.final,
            repeat_s=repeat_s,
        )
        if answer.reason is Reason.HTTP_429:  # it means the sender, not this one row
            self._throttled_until_s = now_s + min(retry_after_s, schedule.retry_after_max_s)
        self._unwritten = after
        self._count(answer.reason, now_s)
        next_in_s = max(0.0, after.next_at_s - now_s) if after.state == RowState.PENDING else 0.0
        if not (
            before is not None and before.arrived and after.arrived
        ):  # said again, and heard again: no news
            self._tell(
                AttemptMade(
                    row.endpoint,
                    row.id,
                    row.type,
                    answer.reason,
                    after.attempts,
                    next_in_s,
                    after.state,
                    answer.status,
                )
            )
        self._write_down()
        self._disable_if_due(answer.reason, now_s)

    async def _posted(self, row: OutboxRow) -> Answer:
        try:
            return await self._post(self.endpoint, row)
        except Exception as error:  # a fault of ours must use up the schedule too, not spin
            self._tell(SenderFailed(self.endpoint.name, type(error).__name__))
            return Answer(Reason.INTERNAL)

    def _write_down(self) -> None:
        if self._unwritten is not None:
            self._outbox.record(self._unwritten)
            self._unwritten = None

    def _disable_if_due(self, reason: Reason, now_s: float) -> None:
        name = self.endpoint.name
        why = self._timing.schedule.disables(reason, self._outbox.failing_since(name), now_s)
        if why:
            self._outbox.disable(name, why)
            self._tell(EndpointDisabled(name, why))

    def _count(self, reason: Reason, now_s: float) -> None:
        outcomes = dict(self.status.outcomes)
        outcomes[reason.value] = outcomes.get(reason.value, 0) + 1
        delivered = reason is Reason.DELIVERED
        self.status = replace(
            self.status,
            outcomes=outcomes,
            last_attempt_s=now_s,
            last_delivered_s=now_s if delivered else self.status.last_delivered_s,
            last_failure="" if delivered else reason.value,
        )
