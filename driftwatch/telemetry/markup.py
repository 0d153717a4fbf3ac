"""HTML as values: everything is escaped unless it was made here, so text from the data can never become markup (F34)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Final

from driftwatch.telemetry.text import visible

TEXT_CHARACTERS: Final = 300
"""Longest text shown in one place."""
LABEL_CHARACTERS: Final = 600
"""Longest label of a picture or table."""
ATTRIBUTE_CHARACTERS: Final = 100_000
"""Longest other value of an attribute, such as the path of a line."""
_VOID: Final = frozenset({"base", "meta", "link", "br", "hr"})


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


Child = str | int | float | Markup


def tag(element: str, /, *children: Child, **attributes: str) -> Markup:
    """One element; `class_` stands for `class`, `aria_label` for `aria-label`."""
    shown = "".join(f' {_attribute(key)}="{_value(key, value)}"' for key, value in attributes.items())
    if element in _VOID:
        return Markup(f"<{element}{shown}>")
    return Markup(f"<{element}{shown}>{join(children)}</{element}>")


def join(children: Iterable[Child]) -> Markup:
    """Children one after another, escaped where they are text."""
    return Markup("".join(_shown(child) for child in children))


def table(caption: str, head: Sequence[str], rows: Iterable[Sequence[Child]]) -> Markup:
    """A table with a caption; without rows a sentence that says so."""
    body = [tag("tr", *(tag("td", cell) for cell in row)) for row in rows]
    if not body:
        return join([tag("h2", caption), tag("p", "none", class_="none")])
    top = tag("tr", *(tag("th", name, scope="col") for name in head))
    made = tag("table", tag("caption", caption), tag("thead", top), tag("tbody", *body))
    return tag("div", made, class_="scroll", tabindex="0", role="group", aria_label=caption)


def page(title: str, *children: Child, head: Child = "") -> str:
    """A whole page: no script, one style sheet of our own (or what `head` says instead), nothing from elsewhere."""
    top = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", title),
        head or tag("link", rel="stylesheet", href="/style.css"),
    )
    return "<!doctype html>" + tag("html", top, tag("body", *children), lang="en")


def _value(key: str, value: str) -> str:
    return escape(visible(value, LABEL_CHARACTERS if key == "aria_label" else ATTRIBUTE_CHARACTERS))


def _attribute(key: str) -> str:
    return key.rstrip("_").replace("_", "-")


def _shown(child: Child) -> str:
    if isinstance(child, Markup):
        return child
    return escape(visible(str(child), TEXT_CHARACTERS))
