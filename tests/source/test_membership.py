"""Who gives way to whom in the group."""

from __future__ import annotations

from driftwatch.source.membership import Member, gives_way, rival, waiting_for


def member(instance: str | None, host: str = "h", member_id: str = "m-1") -> Member:
    return Member(instance, member_id, host)


def test_nobody_but_ourselves_is_no_rival() -> None:
    assert rival([], "b") is None
    assert rival([member("b")], "b") is None


def test_of_several_the_smallest_instance_id_counts_and_a_foreign_consumer_first() -> None:
    assert rival([member("d"), member("c"), member("b")], "b") == member("c")
    assert rival([member("a"), member(None)], "b") == member(None)


def test_the_larger_instance_id_gives_way_but_nobody_to_a_foreign_consumer() -> None:
    assert gives_way("b", member("a"))
    assert not gives_way("a", member("b"))
    assert not gives_way("a", member(None))


def test_what_is_said() -> None:
    said = waiting_for(member("x-1", "10.0.0.7"), "g")
    assert said == "member x-1 on 10.0.0.7 works in the group 'g'; standing by until it leaves"
    assert "member m-1 on h" in waiting_for(member(None), "g")
