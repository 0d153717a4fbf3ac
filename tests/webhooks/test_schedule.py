"""When an attempt is repeated: the whole schedule, Retry-After, clocks that jump, and when an endpoint is disabled."""

from __future__ import annotations

from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.alerts.outbox import Attempt
from driftwatch.webhooks.reasons import Reason
from driftwatch.webhooks.schedule import DAY_S, Schedule, parse_retry_after_s
from tests.webhooks.told import row

NOW_S = 1_767_268_800.0
PLAIN = Schedule()
FAILURES = [reason for reason in Reason if reason is not Reason.DELIVERED]


def walk(reason: Reason, jitter: float = 0.0) -> list[Attempt]:
    """Fail until the row is given up, each time exactly when it is due."""
    attempts: list[Attempt] = []
    now_s, before = NOW_S, None
    while before is None or before.state == "pending":
        before = PLAIN.after(row(), before, reason, now_s, jitter)
        attempts.append(before)
        now_s = before.next_at_s
    return attempts


def test_the_delays_are_those_of_standard_webhooks() -> None:
    attempts = walk(Reason.HTTP_500)
    delays = [a.next_at_s - a.last_at_s for a in attempts[:-1]]
    minutes = [delay / 60 for delay in delays]
    assert delays[0] == 5
    assert minutes[1:] == [5, 30, 120, 300, 600, 840, 1_200, 1_440]
    assert attempts[-1].last_at_s - NOW_S == 75 * 3_600 + 35 * 60 + 5
    assert [a.attempts for a in attempts] == list(range(1, 11))
    assert {a.first_at_s for a in attempts} == {NOW_S}


@pytest.mark.parametrize("reason", FAILURES)
def test_every_failure_is_retried_and_given_up_at_the_end(reason: Reason) -> None:
    attempts = walk(reason)
    assert [a.state for a in attempts] == ["pending"] * 9 + ["abandoned"]
    assert {a.reason for a in attempts} == {reason.value}


def test_delivered_ends_it() -> None:
    failed = PLAIN.after(row(), None, Reason.TIMEOUT, NOW_S, 0.0)
    done = PLAIN.after(row(), failed, Reason.DELIVERED, NOW_S + 5, 0.0)
    assert (done.state, done.attempts, done.reason, done.first_at_s, done.last_at_s) == (
        "delivered",
        2,
        "",
        NOW_S,
        NOW_S + 5,
    )


@given(st.floats(0, 1, exclude_max=True), st.integers(0, 8))
def test_jitter_only_adds_and_never_more_than_a_fifth(jitter: float, step: int) -> None:
    before = Attempt("msg_1", "hook", step, 0.0, "pending", first_at_s=1.0) if step else None
    delay_s = PLAIN.after(row(), before, Reason.CONNECT, NOW_S, jitter).next_at_s - NOW_S
    scheduled_s = PLAIN.delays_s[step]
    assert scheduled_s - 1e-3 <= delay_s <= scheduled_s * 1.2 + 1e-3


@pytest.mark.parametrize(
    ("asked_s", "waits_s"), [(0, 5), (3, 5), (120, 120), (DAY_S, DAY_S), (10 * DAY_S, DAY_S)]
)
def test_retry_after_is_honoured_up_to_a_day_and_never_hurries(asked_s: float, waits_s: float) -> None:
    after = PLAIN.after(row(), None, Reason.HTTP_503, NOW_S, 0.0, asked_s)
    assert after.next_at_s - NOW_S == waits_s


def test_retry_after_does_not_revive_what_is_given_up() -> None:
    last = Attempt("msg_1", "hook", 9, 0.0, "pending", "http_503", NOW_S, NOW_S)
    assert PLAIN.after(row(), last, Reason.HTTP_503, NOW_S, 0.0, 60).state == "abandoned"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        (None, 0),
        ("120", 120),
        (" 7 ", 7),
        ("0", 0),
        ("-5", 0),
        ("1.5", 0),
        ("soon", 0),
        ("", 0),
        ("9" * 400, 10**9),
        ("٣", 0),
        ("Wed, 99 Foo 2026 00:00:00 GMT", 0),
    ],
)
def test_retry_after_as_a_number(text: str | None, seconds: float) -> None:
    assert parse_retry_after_s(text, NOW_S) == seconds


def test_retry_after_as_a_date() -> None:
    assert parse_retry_after_s(formatdate(NOW_S + 90, usegmt=True), NOW_S) == 90
    assert parse_retry_after_s(formatdate(NOW_S - 90, usegmt=True), NOW_S) == 0
    assert parse_retry_after_s("Thu, 01 Jan 2026 12:01:00 -0000", NOW_S) == 60


def test_when_a_row_is_due() -> None:
    assert PLAIN.wait_s(None, NOW_S) == 0
    failed = PLAIN.after(row(), None, Reason.TIMEOUT, NOW_S, 0.0)
    assert PLAIN.wait_s(failed, NOW_S) == 5
    assert PLAIN.wait_s(failed, NOW_S + 5) == 0
    assert PLAIN.wait_s(failed, NOW_S + 999) == 0


def test_a_clock_that_was_set_back_does_not_hold_a_row_for_ever() -> None:
    """F28: an attempt written down a year ahead of the clock of today is due."""
    failed = PLAIN.after(row(), None, Reason.TIMEOUT, NOW_S + 365 * DAY_S, 0.0)
    assert PLAIN.wait_s(failed, NOW_S) == 0
    asked = PLAIN.after(row(), None, Reason.HTTP_429, NOW_S, 0.999, 5 * DAY_S)
    assert PLAIN.wait_s(asked, NOW_S) == DAY_S  # but a long wait that was asked for is kept


@pytest.mark.parametrize("reason", FAILURES)
def test_five_days_of_failures_disable_an_endpoint(reason: Reason) -> None:
    if reason is Reason.HTTP_410:
        return
    assert PLAIN.disables(reason, NOW_S - 5 * DAY_S + 1, NOW_S) == ""
    assert PLAIN.disables(reason, NOW_S - 5 * DAY_S, NOW_S) == "failing_5_days"
    assert PLAIN.disables(reason, None, NOW_S) == ""


def test_gone_disables_at_once_and_a_delivery_never() -> None:
    assert PLAIN.disables(Reason.HTTP_410, NOW_S, NOW_S) == "http_410"
    assert PLAIN.disables(Reason.DELIVERED, NOW_S - 9 * DAY_S, NOW_S) == ""
