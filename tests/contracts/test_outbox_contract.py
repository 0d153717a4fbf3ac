"""What every outbox promises to the sender: rows in order of being due, nothing lost, nothing decided twice."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from driftwatch.alerts.notifications import OutboxRow
from driftwatch.alerts.outbox import Attempt
from driftwatch.monitor.changes import Changes
from tests.contracts.stores import STORES, Store


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    made: Store = STORES[request.param]()
    yield made
    made.remove()


def row(identity: str, subject: str = "", endpoint: str = "hook") -> OutboxRow:
    return OutboxRow(
        identity, endpoint, "alert.firing", subject or identity, 5, f"body of {identity}".encode()
    )


def put(store: Store, *rows: OutboxRow) -> None:
    store.checkpoint.commit(Changes(outbox=list(rows)))


def ended(
    identity: str, state: str, attempts: int = 1, endpoint: str = "hook", at_s: float = 10.0
) -> Attempt:
    return Attempt(identity, endpoint, attempts, at_s + 5, state, "http_500", at_s, at_s)


def pending(store: Store, endpoint: str = "hook") -> list[str]:
    return [found.id for found, _ in store.outbox().pending(endpoint, 100)]


def test_rows_come_in_the_order_of_the_commits_each_to_its_endpoint(store: Store) -> None:
    put(store, row("b"), row("a"), row("a", endpoint="other"))
    put(store, row("c"))
    assert store.outbox().pending("hook", 100) == [(row(i), None) for i in ("b", "a", "c")]
    assert pending(store, "other") == ["a"]
    assert pending(store, "unheard") == []
    assert store.outbox().lengths() == {"hook": 3, "other": 1}
    assert len(store.outbox().pending("hook", 2)) == 2


def test_a_commit_is_seen_by_an_outbox_that_was_open_before(store: Store) -> None:
    outbox = store.outbox()
    assert outbox.pending("hook", 1) == []
    put(store, row("a"))
    assert outbox.lengths() == {"hook": 1}
    put(store, row("b"))
    assert [found.id for found, _ in outbox.pending("hook", 9)] == ["a", "b"]


def test_what_was_not_committed_is_not_sent(store: Store) -> None:
    store.checkpoint.rollback()
    assert store.outbox().lengths() == {}


@pytest.mark.parametrize("state", ["delivered", "abandoned", "superseded"])
def test_an_ended_row_is_not_pending_again_after_a_restart(store: Store, state: str) -> None:
    put(store, row("a"), row("b"))
    store.outbox().record(ended("a", state))
    assert pending(store) == ["b"]
    store.again()
    assert pending(store) == ["b"]
    assert store.outbox().lengths() == {"hook": 1}


def test_new_rows_come_before_tried_ones_and_those_by_their_next_attempt(store: Store) -> None:
    put(store, row("a"), row("b"), row("c"))
    outbox = store.outbox()
    outbox.record(ended("a", "pending", at_s=30))
    outbox.record(ended("b", "pending", at_s=20))
    put(store, row("d"))
    found = store.outbox().pending("hook", 9)
    assert [r.id for r, _ in found] == ["c", "d", "b", "a"]
    assert [attempt for _, attempt in found] == [
        None, None, ended("b", "pending", at_s=20), ended("a", "pending", at_s=30),
    ]  # fmt: skip


def test_a_newer_transition_supersedes_one_that_was_never_attempted(store: Store) -> None:
    # F26: per subject and endpoint; what was attempted once is tried to its end
    put(store, row("fire", "alert-1"), row("fire", "alert-1", "other"), row("else", "alert-2"))
    store.outbox().record(ended("fire", "pending", endpoint="other"))
    put(store, row("resolve", "alert-1"), row("resolve", "alert-1", "other"))
    assert pending(store) == ["else", "resolve"]
    assert pending(store, "other") == ["resolve", "fire"]
    states = {attempt.id: attempt.state for attempt in store.outbox().attempts("hook")}  # type: ignore[attr-defined]
    assert states == {"fire": "superseded", "else": "pending", "resolve": "pending"}


def test_within_one_commit_the_last_of_a_subject_is_sent(store: Store) -> None:
    put(store, *(row(f"t{i}", "alert") for i in range(4)))
    assert pending(store) == ["t3"]


def test_failing_begins_with_the_first_failure_and_ends_with_a_delivery(store: Store) -> None:
    put(store, row("a"), row("b"), row("a", endpoint="other"))
    outbox = store.outbox()
    assert outbox.failing_since("hook") is None
    outbox.record(ended("a", "pending", at_s=100))
    outbox.record(ended("a", "abandoned", at_s=200))
    assert outbox.failing_since("hook") == 100
    assert outbox.failing_since("other") is None
    outbox.record(ended("b", "delivered", at_s=300))
    assert outbox.failing_since("hook") is None
    outbox.record(ended("b", "pending", at_s=400))
    assert store.outbox().failing_since("hook") == 400


def test_a_disabled_endpoint_keeps_its_rows_until_it_is_enabled(store: Store) -> None:
    put(store, row("a"))
    outbox = store.outbox()
    outbox.record(ended("a", "pending", at_s=1))
    outbox.disable("hook", "http_410")
    outbox.disable("hook", "failing_5_days")
    assert store.outbox().disabled() == {"hook": "failing_5_days"}
    assert store.outbox().lengths() == {"hook": 1}
    outbox = store.outbox()
    outbox.enable("hook")
    assert outbox.disabled() == {}
    assert outbox.failing_since("hook") is None
    assert pending(store) == ["a"]


def test_ended_rows_can_be_sent_again_even_those_with_a_newer_one(store: Store) -> None:
    put(store, row("a", "s"), row("x"))
    outbox = store.outbox()
    outbox.record(ended("a", "delivered", attempts=3))
    put(store, row("b", "s"))
    outbox.record(ended("b", "abandoned"))
    assert outbox.resend("hook", ["a", "b", "a", "x", "unheard"]) == 2
    again = store.outbox().pending("hook", 9)
    assert sorted((found.id, attempt) for found, attempt in again) == [("a", None), ("b", None), ("x", None)]
    assert store.outbox().resend("other", ["a"]) == 0


def test_the_same_row_committed_twice_is_one_row(store: Store) -> None:
    put(store, row("a"))
    store.outbox().record(ended("a", "delivered"))
    put(store, row("a"), row("b"))
    assert pending(store) == ["b"]


def test_a_pending_row_that_has_arrived_is_to_be_said_again_and_is_no_backlog(store: Store) -> None:
    put(store, row("a"), row("b"))
    outbox = store.outbox()
    outbox.record(ended("b", "pending"))
    assert outbox.failing_since("hook") == 10.0
    said = Attempt("a", "hook", 1, 60.0, "pending", "", 5.0, 5.0)
    outbox.record(said)
    assert outbox.failing_since("hook") is None, "it ends the time of failing as a delivery does"
    assert outbox.lengths() == {"hook": 1}
    assert (row("a"), said) in outbox.pending("hook", 9)
    store.again()
    assert (row("a"), said) in store.outbox().pending("hook", 9)


def test_a_row_is_overtaken_by_a_newer_one_of_its_subject_at_the_same_endpoint(store: Store) -> None:
    put(store, row("a", "s"), row("other", "t"))
    outbox = store.outbox()
    outbox.record(ended("a", "pending"))
    put(store, row("elsewhere", "s", endpoint="chat"), row("later", "t2"))
    assert not outbox.overtaken(row("a", "s"))
    put(store, row("b", "s"))
    assert outbox.overtaken(row("a", "s"))
    assert not outbox.overtaken(row("b", "s"))
