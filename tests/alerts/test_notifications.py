"""Ids of alerts and notifications depend on what they are about and on nothing else."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from driftwatch.alerts.notifications import fingerprint, notification_id


def test_ids_are_pinned_so_that_a_new_release_repeats_them() -> None:
    assert fingerprint("credit", "1", "psi") == "ed411d21764607b7"
    assert notification_id("ed411d21764607b7", "alert.firing", 3_600_000) == "msg_97c32e2c47f567cb9007a5b4"


@given(st.lists(st.text("ab"), min_size=1, max_size=3), st.lists(st.text("ab"), min_size=1, max_size=3))
def test_parts_do_not_run_together(a: list[str], b: list[str]) -> None:
    assert (fingerprint(*a) == fingerprint(*b)) == (a == b)


def test_an_id_has_no_dot_which_the_signature_scheme_forbids() -> None:
    assert "." not in notification_id("a.b", "alert.firing", 1)
