import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from driftwatch.config.read import MAX_BYTES, read
from driftwatch.errors import ConfigurationError, Problem


def problem(content: bytes) -> Problem:
    with pytest.raises(ConfigurationError) as caught:
        read(content, "c.yaml")
    (one,) = caught.value.problems
    return one


def test_keys_and_values_have_places() -> None:
    document = read(b"a: 1\nb:\n  - c: {d: hello}\n", "c.yaml")
    assert document.data == {"a": 1, "b": [{"c": {"d": "hello"}}]}
    assert document.keys["b", 0, "c"] == (3, 5, 1)
    assert document.values["b", 0, "c", "d"] == (3, 12, 5)
    assert document.source(3) == "  - c: {d: hello}"
    assert document.source(99) == ""


def test_words_are_words() -> None:
    """The core schema of YAML 1.2: what 1.1 turns into booleans, dates and base-60 numbers stays text."""
    document = read(
        b"{on: [no, off, y, 2018-10-30T18:00:00Z, 1:30, '1', <], n: [010, 0x10, 1e3, ~, true, -1.5]}", "c"
    )
    assert document.data["on"] == ["no", "off", "y", "2018-10-30T18:00:00Z", "1:30", "1", "<"]
    assert document.data["n"] == [10, 16, 1000.0, None, True, -1.5]


def test_duplicate_keys_are_all_told_and_the_first_counts() -> None:
    document = read(b"a: 1\nb: 2\na: 3\nb: {c: 1, c: 2}\n", "c.yaml")
    assert document.data == {"a": 1, "b": 2}
    assert [(p.line, p.column, p.message) for p in document.problems] == [
        (3, 1, "the key `a` is there twice, first in line 1"),
        (4, 1, "the key `b` is there twice, first in line 2"),
        (4, 11, "the key `c` is there twice, first in line 4"),
    ]


def test_aliases_and_merge_keys() -> None:
    document = read(
        b"base: &b {x: 1, y: 2}\none: {<<: *b, y: 3}\ntwo: {<<: [*b, {z: 9}], z: 4}\nthree: *b\n", "c"
    )
    assert document.data["one"] == {"x": 1, "y": 3}
    assert document.data["two"] == {"x": 1, "y": 2, "z": 4}
    assert document.data["three"] == {"x": 1, "y": 2}
    assert document.values["one", "y"].line == 2
    assert document.values["one", "x"].line == 1
    assert document.problems == ()


@pytest.mark.parametrize(
    ("content", "line", "column", "message"),
    [
        (b"", 1, 1, "empty"),
        (b"# nothing\n", 1, 1, "empty"),
        (b"- a\n", 1, 1, "not a mapping"),
        (b"a:\n\tb: 1\n", 2, 1, "a tab"),
        (b"a: 1\n b: 2\n", 2, 3, "indented too far"),
        (b"a: b: c\n", 1, 5, "second `: `"),
        (b"a: [1, 2\nb: 3\n", 2, 2, "not closed"),
        (b'a: "x\nb: 1\n', 3, 1, "quote"),
        (b"a: *n\n", 1, 4, "without its anchor"),
        (b"a: &n 1\nb: &n 2\n", 2, 4, "exists already"),
        (b"a: 1\n---\nb: 2\n", 2, 1, "second document"),
        (b"a: @x\n", 1, 4, "cannot begin"),
        (b"a: 1\nb: \xff\n", 2, 4, "UTF-8"),
        (b"a: \x01\n", 1, 4, "U+0001"),
        (b"\x00\x01\x02\xfe", 1, 4, "UTF-8"),
    ],
)
def test_syntax_errors_have_a_place_and_say_what_to_write(
    content: bytes, line: int, column: int, message: str
) -> None:
    told = problem(content)
    assert (told.line, told.column) == (line, column)
    assert message in told.message
    assert told.write


def test_tags_and_strange_keys_and_numbers_are_refused_without_hiding_the_rest() -> None:
    document = read(
        b"a: !!python/object/apply:os.system [ls]\n? [1]\n: 2\nb: " + b"9" * 5000 + b"\nc: !!int x\nd: 1\n",
        "c",
    )
    assert document.data == {"a": None, "b": None, "c": None, "d": 1}
    assert document.broken == {("a",), ("b",), ("c",)}
    assert [p.line for p in document.problems] == [1, 2, 4, 5]


def test_bombs_are_refused() -> None:
    laughs = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"{chr(98 + i)}: &{chr(98 + i)} [{', '.join(['*' + chr(97 + i)] * 10)}]\n" for i in range(9)
    )
    assert "grow without end" in problem(laughs.encode()).message
    assert "grow without end" in problem(b"a: &x [*x]\n").message
    assert "grow without end" in problem(b"a: &x {<<: *x}\n").message
    assert "nested deeper" in problem(b"a: " + b"[" * 100_000).message
    assert "nested deeper" in problem(b"\n".join(b" " * i + b"a:" for i in range(200))).message
    assert "larger than" in problem(b"a: 1\n" * MAX_BYTES).message


def test_secrets_do_not_appear_in_syntax_errors() -> None:
    told = problem(b"kafka: {sasl_password: hunter2: 1}\n")
    assert "hunter2" not in str(told) + told.source


TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc", "Cn", "Co", "Zl", "Zp")), max_size=20)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**12), 10**12) | st.floats(-1e6, 1e6) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=15,
)


@given(st.dictionaries(TEXT, PLAIN, max_size=5))
def test_json_is_read_as_json(data: dict) -> None:
    content = json.dumps(data, ensure_ascii=False).encode()
    assert read(content, "c.yaml").data == data
    assert read(content, "c.yaml").problems == ()


@given(
    st.binary(max_size=200) | st.text(alphabet="ab:-{}[]&*!|>'\"#%@`,? \n\t<~01", max_size=60).map(str.encode)
)
@example(b"&a : b")
@example(b"%YAML 9.9\n---\na: 1")
@example(b"\xff\xfea\x00")
def test_anything_is_read_or_refused_with_a_place(content: bytes) -> None:
    try:
        document = read(content, "c.yaml")
    except ConfigurationError as error:
        told = error.problems
    else:
        told = document.problems
        assert all(span.line >= 1 and span.column >= 1 for span in document.values.values())
    assert all(p.line >= 1 and p.column >= 1 and p.message for p in told)
