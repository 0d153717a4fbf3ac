from driftwatch.telemetry.markup import tag
from driftwatch.telemetry.pages import frame
from tests.telemetry.markup import Seen


def test_every_page_has_a_way_past_the_navigation_and_landmarks() -> None:
    seen = Seen(frame.frame("A <b>", tag("h1", "x"), trail=(("Models", "/"),)))
    assert {"header", "main", "footer", "nav", "h1"} <= seen.tags
    assert "#content" in seen.links
    assert "content" in seen.ids
    assert "script" not in seen.tags
    assert all(link.startswith(("/", "#")) and not link.startswith("//") for link in seen.links)


def test_a_card_is_a_section_with_its_heading() -> None:
    shown = frame.card("Moved cells", "x", about="why")
    assert 'aria-label="Moved cells"' in shown
    assert "<h2>Moved cells</h2>" in shown


def test_a_picture_comes_with_its_numbers() -> None:
    shown = frame.figure(tag("svg", role="img", aria_label="p"), "caption", ("A", "B"), [("1", "<2>")])
    seen = Seen(shown)
    assert {"figure", "figcaption", "details", "table"} <= seen.tags
    assert "Numbers A B 1 <2>" in seen.words
    assert "Nothing yet" in Seen(frame.plain_table(("A",), [])).words


def test_addresses_carry_any_name() -> None:
    assert frame.model_address("a/b ?", version="", slice="x=&y") == "/models/a%2Fb%20%3F?slice=x%3D%26y"
    assert frame.alert_address("../x") == "/alerts/..%2Fx"
