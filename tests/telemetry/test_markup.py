import hypothesis.strategies as st
from hypothesis import given

from driftwatch.telemetry.markup import Markup, join, page, table, tag


def test_text_is_escaped_and_markup_is_not() -> None:
    assert tag("p", "<b>&'\"", tag("i", "x")) == "<p>&lt;b&gt;&amp;&#x27;&quot;<i>x</i></p>"


def test_attributes_are_escaped() -> None:
    assert (
        tag("a", "x", href='"><script>', class_="y") == '<a href="&quot;&gt;&lt;script&gt;" class="y">x</a>'
    )


@given(st.text(st.characters(codec=None)))
def test_no_text_becomes_markup_or_breaks_the_encoding(text: str) -> None:
    shown = join([text])
    shown.encode("utf-8")
    assert not set(shown) & set("<>\"'")


def test_an_empty_table_says_so() -> None:
    assert "none" in table("Alerts", ("a",), [])
    assert "<table" not in table("Alerts", ("a",), [])


def test_a_table_has_caption_and_heads() -> None:
    made = table("Alerts", ("Rule", "State"), [("psi", "firing")])
    assert "<caption>Alerts</caption>" in made
    assert '<th scope="col">Rule</th>' in made
    assert "<td>firing</td>" in made


def test_a_page_has_no_script_and_asks_nobody_else() -> None:
    made = page("t", tag("h1", "x"))
    assert "<script" not in made
    assert "http" not in made
    assert '<link rel="stylesheet" href="/style.css">' in made
    assert "<style>a" in page("t", head=tag("style", Markup("a"))), "a report brings its own"


def test_names_of_attributes_are_written_as_html_wants_them() -> None:
    assert tag("p", aria_label="x", class_="y") == '<p aria-label="x" class="y"></p>'


def test_void_elements_are_not_closed() -> None:
    assert tag("br") == Markup("<br>")


def test_what_cannot_be_seen_is_written_out_in_attributes_too() -> None:
    assert tag("p", aria_label="\x1b[2J\x00\udc80") == '<p aria-label="\\x1b[2J\\x00\\udc80"></p>'
    assert len(tag("p", aria_label="a" * 1_000_000)) < 700
