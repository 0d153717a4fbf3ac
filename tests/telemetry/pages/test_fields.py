from driftwatch.telemetry.pages import fields, sight
from tests.telemetry import pictures
from tests.telemetry.lender import lender
from tests.telemetry.markup import Seen


def look(slice_: str = ""):
    found = sight.look(lender().model, slice_=slice_)
    assert found is not None
    return found


def test_the_heat_map_begins_with_all_traffic_and_names_the_worst() -> None:
    seen = Seen(fields.heat_map(look()))
    assert "greatest in country=PT, score" in seen.labels[0]
    assert any("slice=country%3DPT" in link for link in seen.links), "its table leads to the slice"


def test_the_moved_cells_are_drawn_reference_and_now() -> None:
    first, *rest = fields.moved_fields(look(), [("country=PT", "income"), ("nowhere", "age")])
    assert "income in country=PT: share of each cell" in Seen(first).labels[0]
    assert {"then", "now"} <= set(Seen(first).classes)
    assert len(rest) == fields.FIELDS_MAX - 1
    assert Seen(first).classes.count("now") == fields.CELLS_MAX + 1, "a bar per cell, and the key"


def test_the_slice_that_is_looked_at_is_drawn() -> None:
    drawn = fields.moved_fields(look("country=PT"), most=1)
    assert "in country=PT" in Seen(drawn[0]).labels[0]


def test_a_reading_without_cells_has_no_bars() -> None:
    found = sight.look(pictures.model_view(pictures.version_view(pictures.reading(pictures.layout()))))
    assert found is not None
    assert fields.moved_fields(found) == []
    assert Seen(fields.heat_map(found)).labels


def test_names_that_no_address_can_carry_have_no_link() -> None:
    shown = pictures.reading(pictures.layout(("\udc80", "x" * 500)))
    found = sight.look(pictures.model_view(pictures.version_view(shown)))
    assert found is not None
    assert len(Seen(fields.heat_map(found)).links) == 2, "all traffic and the rest"
