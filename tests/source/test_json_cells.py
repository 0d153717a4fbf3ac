"""CSV cells become the JSON that a producer would have sent."""

from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.errors import SourceError
from driftwatch.source.json_cells import RowTemplate, json_cell, nested


@pytest.mark.parametrize(
    "text", ["0", "-0", "12", "-3.50", "1e5", "0.1E-7", "123456789012345678901234567890"]
)
def test_numbers_keep_their_digits(text: str) -> None:
    assert json_cell(text) == text


@pytest.mark.parametrize("text", ["", "nan", "NaN", "NAN"])
def test_what_is_missing_is_null(text: str) -> None:
    assert json_cell(text) == "null"


@pytest.mark.parametrize(
    "text",
    [
        "007",
        "+5",
        ".5",
        "5.",
        "1_000",
        "1,5",
        " 1",
        "1 ",
        "inf",
        "-Infinity",
        "0x1F",
        "True",
        "٣",
        "1e",
        "N/A",
    ],
)
def test_everything_else_is_text(text: str) -> None:
    assert json_cell(text) == json.dumps(text, ensure_ascii=False)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_float_that_python_writes_is_read_back(value: float) -> None:
    assert json.loads(json_cell(repr(value))) == value


@given(
    st.dictionaries(st.text(max_size=6).filter(lambda name: "." not in name), st.text(max_size=8), max_size=6)
)
def test_a_row_is_the_object_of_its_cells(cells: dict[str, str]) -> None:
    row = RowTemplate(list(cells)).row([json.dumps(text) for text in cells.values()])
    assert msgspec.json.decode(row) == cells


def test_dotted_columns_become_objects() -> None:
    template = RowTemplate(["id", "output.probability", "x", "output.inner.y", "model.version"])
    row = template.row(["1", "0.5", "null", '"t"', "2"])
    expected = {
        "id": 1,
        "output": {"probability": 0.5, "inner": {"y": "t"}},
        "x": None,
        "model": {"version": 2},
    }
    assert json.loads(row) == expected
    assert nested(["a", "b.c"]) == {"a": 0, "b": {"c": 1}}


@pytest.mark.parametrize("columns", [["a", "a"], ["a", "a.b"], ["a.b", "a"], ["a.b", "a.b"]])
def test_names_that_collide_are_refused(columns: list[str]) -> None:
    with pytest.raises(SourceError, match="rename"):
        RowTemplate(columns)
