"""One endpoint's lane: order, retries, throttling, disabling, and an outbox that cannot be written; no network."""

from __future__ import annotations

import asyncio
from collections.abc import Generator

import msgspec
import pytest

from driftwatch.alerts.notifications import OutboxRow
from driftwatch.alerts.outbox import Attempt
from driftwatch.webhooks.lane import Answer, Clock, Lane, Timing
from driftwatch.webhooks.reasons import Reason
from driftwatch.webhooks.schedule import DAY_S, Schedule
from driftwatch.webhooks.spec import EndpointSpec
from driftwatch.webhooks.status import AttemptMade, EndpointDisabled, Report, SenderFailed
from tests.webhooks.receiver import MemoryOutbox
from tests.webhooks.told import row

START_S = 1_767_268_800.0
HOOK = EndpointSpec.model_validate({"name": "hook", "url": "https://example.com/"})


class Turn:
    """One turn of the event loop, without any time."""

    def __await__(self) -> Generator[None, None, None]:
        yield


class Scene:
    """A lane with scripted answers and a clock that only the test moves."""

    def __init__(
        self,
        *answers: Answer | Exception,
        rows: int = 1,
        schedule: Schedule | None = None,
        endpoint: EndpointSpec = HOOK,
    ) -> None:
        self.answers = list(answers)
        self.sent: list[str] = []
        self.told: list[Report] = []
        self.outbox = MemoryOutbox([row(f"msg_{i}") for i in range(rows)])
        self.steady_s = 0.0
        self.wall_s = START_S
        clock = Clock(lambda: self.wall_s, lambda: self.steady_s)
        timing = Timing(schedule or Schedule(), clock, lambda: 0.0)
        self.lane = Lane(endpoint, self.outbox, self.post, timing, self.told.append)

    async def post(self, endpoint: EndpointSpec, sent: OutboxRow) -> Answer:
        self.sent.append(sent.id)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def settle(self) -> None:
        """Let the lane do all that it can do now: it rests when it waits without having been woken."""
        for _ in range(500):
            await Turn()

    async def later(self, seconds: float) -> None:
        """Time goes by, and the lane looks again."""
        self.steady_s += seconds
        self.lane.wake()
        await self.settle()


def play(scene: Scene, *waits_s: float) -> None:
    """Run the lane, moving the clock by each wait in turn, then stop it."""

    async def run() -> None:
        task = asyncio.create_task(scene.lane.run())
        await scene.settle()
        for wait_s in waits_s:
            await scene.later(wait_s)
        scene.lane.stop()
        await task

    asyncio.run(run())


OK = Answer(Reason.DELIVERED, 200)
DOWN = Answer(Reason.HTTP_500, 500)


def test_rows_go_out_once_and_in_their_order() -> None:
    scene = Scene(OK, rows=3)
    play(scene, 1, 60)
    assert scene.sent == ["msg_0", "msg_1", "msg_2"]
    assert [(a.state, a.attempts, a.reason) for a in scene.outbox.history] == [("delivered", 1, "")] * 3
    assert scene.lane.status.outcomes == {"delivered": 3}
    assert scene.lane.status.last_delivered_s == START_S
    assert scene.lane.status.pending == 0


def test_a_failure_is_repeated_when_the_schedule_says_so_and_not_before() -> None:
    scene = Scene(DOWN, DOWN, OK)
    play(scene, 4.9, 0.1, 299, 1)
    assert scene.sent == ["msg_0"] * 3
    assert [a.last_at_s - START_S for a in scene.outbox.history] == [0, 5, 305]
    assert scene.lane.status.outcomes == {"http_500": 2, "delivered": 1}
    assert scene.lane.status.last_failure == ""


def test_a_row_in_back_off_does_not_hold_up_a_new_one() -> None:
    scene = Scene(DOWN, OK, rows=2)
    play(scene)
    assert scene.sent == ["msg_0", "msg_1"]
    assert scene.lane.status.pending == 1


def test_after_the_last_attempt_the_row_is_given_up() -> None:
    scene = Scene(DOWN, schedule=Schedule(delays_s=(1, 2)))
    play(scene, 1, 2, 9, 9)
    assert [a.state for a in scene.outbox.history] == ["pending", "pending", "abandoned"]
    reports = [r for r in scene.told if isinstance(r, AttemptMade)]
    assert [(r.attempts, r.next_in_s, r.state, r.status) for r in reports] == [
        (1, 1, "pending", 500),
        (2, 2, "pending", 500),
        (3, 0, "abandoned", 500),
    ]


def test_retry_after_holds_the_row_and_429_the_whole_endpoint() -> None:
    scene = Scene(Answer(Reason.HTTP_429, 429, "100"), OK, rows=2)
    play(scene, 99, 1)
    assert scene.sent == ["msg_0", "msg_1", "msg_0"]
    assert [a.last_at_s - START_S for a in scene.outbox.history] == [0, 100, 100]


def test_503_with_retry_after_holds_its_row_only() -> None:
    scene = Scene(Answer(Reason.HTTP_503, 503, "100"), OK, rows=2)
    play(scene, 99, 1)
    assert [(a.id, a.last_at_s - START_S) for a in scene.outbox.history] == [
        ("msg_0", 0),
        ("msg_1", 0),
        ("msg_0", 100),
    ]


def test_gone_disables_the_endpoint_and_keeps_its_rows() -> None:
    scene = Scene(Answer(Reason.HTTP_410, 410), rows=2)
    play(scene, 5, 300)
    assert scene.sent == ["msg_0"]
    assert scene.outbox.off == {"hook": "http_410"}
    assert scene.lane.status.disabled == "http_410"
    assert scene.lane.status.pending == 2
    assert EndpointDisabled("hook", "http_410") in scene.told


def test_an_enabled_endpoint_goes_on_with_what_is_pending() -> None:
    scene = Scene(Answer(Reason.HTTP_410, 410), OK, rows=2)

    async def run() -> None:
        task = asyncio.create_task(scene.lane.run())
        await scene.settle()
        scene.outbox.enable("hook")
        await scene.later(5)
        scene.lane.stop()
        await task

    asyncio.run(run())
    assert scene.sent == ["msg_0", "msg_1", "msg_0"]
    assert scene.lane.status.disabled == ""


def test_five_days_of_failures_disable_it_also_when_the_sender_was_restarted() -> None:
    scene = Scene(DOWN)
    before = Attempt("msg_old", "hook", 10, 0.0, "abandoned", "timeout", START_S, START_S - 5 * DAY_S)
    scene.outbox.history.append(before)
    play(scene)
    assert scene.outbox.off == {"hook": "failing_5_days"}


def test_one_delivery_in_between_keeps_it_enabled() -> None:
    scene = Scene(DOWN)
    scene.outbox.history += [
        Attempt("a", "hook", 10, 0.0, "abandoned", "timeout", START_S, START_S - 5 * DAY_S),
        Attempt("b", "hook", 1, 0.0, "delivered", "", START_S, START_S - DAY_S),
    ]
    play(scene)
    assert scene.outbox.off == {}


def test_what_was_delivered_is_not_sent_again_while_it_cannot_be_written_down() -> None:
    """A full disk must not turn one notification into a flood."""
    scene = Scene(OK, rows=2)
    scene.outbox.faults = [OSError("disk full")] * 3
    play(scene, 5, 5, 5, 5)
    assert scene.sent == ["msg_0", "msg_1"]
    assert [(a.id, a.state) for a in scene.outbox.history] == [("msg_0", "delivered"), ("msg_1", "delivered")]
    failed = [r for r in scene.told if isinstance(r, SenderFailed)]
    assert len(failed) == 3
    assert failed[0].error == "OSError: disk full"


def test_a_fault_of_ours_uses_up_the_schedule_like_any_failure() -> None:
    scene = Scene(RuntimeError("canary"), OK)
    play(scene, 1, 4)
    assert [a.reason for a in scene.outbox.history] == ["internal", ""]
    assert [a.last_at_s - START_S for a in scene.outbox.history] == [0, 5]
    assert not any("canary" in str(report) for report in scene.told)


@pytest.mark.parametrize("jump_s", [3_600.0, -3_600.0])
def test_the_wall_clock_may_jump(jump_s: float) -> None:
    """F28: retries follow the time that really went by."""
    scene = Scene(DOWN, OK)

    async def run() -> None:
        task = asyncio.create_task(scene.lane.run())
        await scene.settle()
        scene.wall_s += jump_s
        await scene.later(4)
        assert scene.sent == ["msg_0"]
        await scene.later(1)
        scene.lane.stop()
        await task

    asyncio.run(run())
    assert scene.sent == ["msg_0", "msg_0"]


def test_a_paused_process_goes_on_at_once() -> None:
    """F28: ten minutes of SIGSTOP; no attempt is lost or doubled."""
    scene = Scene(DOWN, OK)
    play(scene, 600, 1, 1)
    assert scene.sent == ["msg_0", "msg_0"]


def test_stopping_ends_after_the_attempt_under_way() -> None:
    scene = Scene(OK, rows=2)

    async def slow(endpoint: EndpointSpec, sent: OutboxRow) -> Answer:
        scene.sent.append(sent.id)
        scene.lane.stop()
        return OK

    scene.lane = Lane(HOOK, scene.outbox, slow, Timing(), scene.told.append)
    play(scene)
    assert scene.sent == ["msg_0"]
    assert scene.outbox.history[0].state == "delivered"


ALERTMANAGER = EndpointSpec.model_validate(
    {"name": "hook", "type": "alertmanager", "url": "https://example.com/", "resend_every": "60s"}
)


def test_a_firing_alert_is_said_again_until_a_newer_state_ends_it() -> None:
    scene = Scene(OK, endpoint=ALERTMANAGER)

    async def run() -> None:
        task = asyncio.create_task(scene.lane.run())
        await scene.settle()
        await scene.later(59)
        assert len(scene.sent) == 1
        await scene.later(1)
        await scene.later(60)
        assert scene.sent == ["msg_0"] * 3
        assert scene.lane.status.pending == 0
        scene.outbox.rows.append(msgspec.structs.replace(row("msg_end"), type="alert.resolved"))
        await scene.later(1)
        await scene.later(3_600)
        scene.lane.stop()
        await task

    asyncio.run(run())
    assert scene.sent[3:] == ["msg_end"]
    assert [a.state for a in scene.outbox.attempts.values()] == ["delivered", "delivered"]
    told = [report.reason for report in scene.told if isinstance(report, AttemptMade)]
    assert told == [Reason.DELIVERED] * 2, "that it was said again is no news"


def test_while_it_fails_a_firing_alert_is_tried_as_often_as_it_is_said_and_never_given_up() -> None:
    scene = Scene(DOWN, endpoint=ALERTMANAGER, schedule=Schedule(delays_s=(5, 300)))
    play(scene, 5, 60, 60, 60, 60)
    assert [a.last_at_s - START_S for a in scene.outbox.history] == [0, 5, 65, 125, 185, 245]
    assert {a.state for a in scene.outbox.history} == {"pending"}


def test_an_old_state_never_arrives_after_a_newer_one() -> None:
    scene = Scene(DOWN, OK, endpoint=ALERTMANAGER)

    async def run() -> None:
        task = asyncio.create_task(scene.lane.run())
        await scene.settle()
        scene.outbox.rows.append(msgspec.structs.replace(row("msg_end"), type="alert.resolved"))
        await scene.later(1)
        await scene.later(10)
        scene.lane.stop()
        await task

    asyncio.run(run())
    assert scene.sent == ["msg_0", "msg_end"]
    assert scene.outbox.attempts["msg_0", "hook"].state == "superseded"


def test_one_that_stands_by_says_nothing_again_but_still_delivers_what_is_new() -> None:
    scene = Scene(OK, endpoint=ALERTMANAGER)

    async def run() -> None:
        task = asyncio.create_task(scene.lane.run())
        await scene.settle()
        scene.lane.standing_by = True
        await scene.later(600)
        assert scene.sent == ["msg_0"]
        scene.outbox.rows.append(msgspec.structs.replace(row("msg_new"), subject="other"))
        await scene.later(1)
        scene.lane.standing_by = False
        await scene.later(1)
        scene.lane.stop()
        await task

    asyncio.run(run())
    assert scene.sent == ["msg_0", "msg_new", "msg_0"]


def test_what_no_repetition_heals_is_given_up_at_once() -> None:
    scene = Scene(Answer(Reason.HTTP_4XX, 422, final=True), OK, rows=2)
    play(scene, 5, 300)
    assert scene.sent == ["msg_0", "msg_1"]
    assert [(a.state, a.reason) for a in scene.outbox.history] == [
        ("abandoned", "http_4xx"),
        ("delivered", ""),
    ]
