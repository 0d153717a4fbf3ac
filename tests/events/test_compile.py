"""Paths compiled into a decoder: nesting, absent fields, strictness, and paths that run through each other."""

from __future__ import annotations

import json
import math

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.events.compile import NUMBER, SCALAR, PathConflictError, compile_paths
from driftwatch.events.fields import ABSENT, FieldPath, lookup

KEYS = st.sampled_from(["a", "b", "c d", "f0", "é", "Record"])
PATHS = st.lists(st.lists(KEYS, min_size=1, max_size=3).map(tuple), min_size=1, max_size=5, unique=True)


def test_values_are_found_where_they_lie() -> None:
    compiled = compile_paths({("a", "x"): NUMBER, ("a", "y"): SCALAR, ("z",): SCALAR})
    get = compiled.getter([("z",), ("a", "x"), ("a", "y")])
    assert get(compiled.decode(b'{"z": 7, "a": {"y": "t", "x": 1, "w": [[]]}}')) == (7, 1.0, "t")
    assert compiled.getter([("z",)])(compiled.decode(b'{"z": null}')) == (None,)
    assert compiled.getter([])(compiled.decode(b"{}")) == ()
    z, x, y = get(compiled.decode(b"{}"))
    assert (z, y) == (None, None)
    assert math.isnan(x)


@pytest.mark.parametrize(
    "record", [b'{"x": "1"}', b'{"x": true}', b'{"x": [1]}', b'{"s": [1]}', b'{"s": {}}', b'{"o": 1}', b"[]"]
)
def test_what_is_of_another_type_is_refused(record: bytes) -> None:
    compiled = compile_paths({("x",): NUMBER, ("s",): SCALAR, ("o", "p"): SCALAR})
    with pytest.raises(msgspec.MsgspecError):
        compiled.decode(record)


def test_a_path_through_a_value_is_a_conflict_in_either_order() -> None:
    for paths in ([("a",), ("a", "b")], [("a", "b"), ("a",)]):
        with pytest.raises(PathConflictError, match=r"'a(\.b)?'"):
            compile_paths(dict.fromkeys(paths, SCALAR))


@given(paths=PATHS, data=st.data())
def test_what_is_decoded_is_what_a_walk_finds(paths: list[FieldPath], data: st.DataObject) -> None:
    try:
        compiled = compile_paths(dict.fromkeys(paths, SCALAR))
    except PathConflictError:
        assert any(a != b and b[: len(a)] == a for a in paths for b in paths)
        return
    leaf = st.none() | st.integers(-9, 9) | st.text(max_size=3)
    tree: dict[str, object] = {}
    for path in paths:
        if data.draw(st.booleans()):
            node = tree
            for key in path[:-1]:
                node = node.setdefault(key, {})  # type: ignore[assignment]
            node[path[-1]] = data.draw(leaf)
    walked = [None if (found := lookup(tree, path)) is ABSENT else found for path in paths]
    assert list(compiled.getter(paths)(compiled.decode(json.dumps(tree).encode()))) == walked


def test_runs_of_neighbours_and_what_lies_between_them_come_in_the_order_asked() -> None:
    paths: list[FieldPath] = [("a",), *(("o", f"x{i}") for i in range(6)), ("b",), ("o", "p", "q"), ("c",)]
    compiled = compile_paths(dict.fromkeys(paths, SCALAR))
    record = {"a": 1, "b": 2, "c": 3, "o": {f"x{i}": 10 + i for i in range(6)} | {"p": {"q": 4}}}
    event = compiled.decode(json.dumps(record).encode())
    for asked in (
        paths,
        paths[1:7],
        paths[2:6],
        paths[::-1],
        [paths[0], *paths[3:7], *paths[1:3]],
        paths[7:],
    ):
        assert list(compiled.getter(asked)(event)) == [lookup(record, path) for path in asked], asked
