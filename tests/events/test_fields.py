"""Dotted paths and canonical texts."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from driftwatch.events.fields import (
    ABSENT,
    TEXT_MAX,
    canonical_text,
    declared_features,
    feature_paths,
    lookup,
    short_text,
    split,
)

RECORD = {"a": {"b": {"c": None}, "list": [1]}, "a.b": 7}


def test_a_path_is_followed_key_by_key() -> None:
    assert split("output.probability") == ("output", "probability")
    assert lookup(RECORD, split("a.b")) == {"c": None}
    assert lookup(RECORD, split("a.b.c")) is None, "a null is a value"
    assert lookup(RECORD, split("a.b.c.d")) is ABSENT
    assert lookup(RECORD, split("a.list.0")) is ABSENT
    assert lookup("text", split("a")) is ABSENT
    assert lookup(RECORD, ()) is RECORD


def test_features_are_an_object_a_list_or_names_with_paths() -> None:
    assert feature_paths(None, ["x"]) == {}
    assert feature_paths("in.f", ["x", "y"]) == {"x": ("in", "f", "x"), "y": ("in", "f", "y")}
    assert feature_paths(["in.x", "y", "z"], ["y", "in.x"]) == {"in.x": ("in", "x"), "y": ("y",)}
    assert feature_paths({"x": "in.x", "y": "y"}, ["x"]) == {"x": ("in", "x")}


def test_declared_features_come_from_the_configuration_or_a_sample() -> None:
    assert declared_features("in.f", {"in": {"f": {"y": 1, "x": None}}}) == ["x", "y"]
    assert declared_features("in.f", {"in": {"f": 3}}) == []
    assert declared_features("in.f", {}) == []
    assert declared_features(["b", "a"], {}) == ["b", "a"]
    assert declared_features({"b": "x.b"}, {}) == ["b"]
    assert declared_features(None, {}) == []


def test_numbers_and_their_texts_are_equal_and_booleans_are_as_json_writes_them() -> None:
    assert canonical_text(123) == canonical_text(123.0) == canonical_text("123") == "123"
    assert canonical_text(-0.0) == canonical_text(0) == "0"
    assert canonical_text(1.5) == "1.5"
    assert (canonical_text(True), canonical_text(False)) == ("true", "false")


def test_what_is_no_scalar_and_no_finite_number_has_no_text() -> None:
    for value in (None, [1], {"a": 1}, math.nan, math.inf, -math.inf, b"x"):
        assert canonical_text(value) is None


@given(st.integers(-(2**53) + 1, 2**53 - 1))
def test_every_whole_float_reads_as_its_integer(number: int) -> None:
    assert canonical_text(float(number)) == canonical_text(number) == str(number)


@given(st.text(st.characters(codec=None, exclude_categories=[])))
def test_every_text_can_be_stored_and_is_canonical_already(text: str) -> None:
    found = canonical_text(text)
    assert found is not None
    found.encode("utf-8")
    assert canonical_text(found) == found
    assert len(found) == len(text)


def test_a_long_text_is_known_by_its_beginning_and_its_hash_f34() -> None:
    longest = "a" * TEXT_MAX
    assert short_text(longest) == longest
    shortened = {short_text(longest + tail) for tail in ("a", "b", "\ud800")}
    assert len(shortened) == 3, "what differs far behind stays distinct"
    assert {len(text) for text in shortened} == {TEXT_MAX}
    assert short_text(short_text(longest + "b")) == short_text(longest + "b")
