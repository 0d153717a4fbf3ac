"""The terminal shows who says what and when, counts each act once, and ends with the right exit code."""

from __future__ import annotations

import io

from rich.console import Console

from driftwatch.demo.acts import Act, Happening
from driftwatch.demo.story import Story
from driftwatch.errors import ExitCode


class Shown:
    """A story on a plain console with a clock that a test sets."""

    def __init__(self) -> None:
        self.now_s = 100.0
        self._out = io.StringIO()
        self.story = Story(Console(file=self._out, width=40), lambda: self.now_s)

    @property
    def text(self) -> str:
        return self._out.getvalue()


def test_a_line_says_when_who_and_what_and_is_not_cut() -> None:
    shown = Shown()
    shown.now_s += 12.34
    shown.story.tell(Happening("world", "rates rise " * 20, details=("http://localhost:9464/metrics",)))
    first, second = shown.text.splitlines()
    assert first.split(maxsplit=2)[:2] == ["12.3s", "world"]
    assert first.endswith(("rates rise " * 20).rstrip()) or ("rates rise " * 20) in first
    assert second.strip() == "http://localhost:9464/metrics"
    assert "\x1b" not in shown.text


def test_what_comes_from_outside_is_not_markup() -> None:
    shown = Shown()
    shown.story.tell(Happening("slack", "[red]drift[/red] [/]"))
    assert "[red]drift[/red] [/]" in shown.text


def test_an_act_counts_once() -> None:
    shown = Shown()
    shown.story.tell(Happening("slack", "one", Act.SLACK))
    shown.story.tell(Happening("slack", "two", Act.SLACK))
    assert shown.story.seen == {Act.SLACK}
    assert [("[1/5 Slack message]" in line) for line in shown.text.splitlines()] == [True, False]


def test_all_acts_end_well() -> None:
    shown = Shown()
    for act in Act:
        shown.story.tell(Happening("x", "y", act))
    shown.now_s += 61
    assert shown.story.close() is ExitCode.OK
    assert "Everything was seen in 61 s." in shown.text
    assert "missing" not in shown.text


def test_a_missing_act_is_a_failure_that_names_it() -> None:
    shown = Shown()
    for act in set(Act) - {Act.VERSION, Act.RESOLVED}:
        shown.story.tell(Happening("x", "y", act))
    assert shown.story.close() is ExitCode.FAILED
    assert "Not seen: new version, resolved." in shown.text
