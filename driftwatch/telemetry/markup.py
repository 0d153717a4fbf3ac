"""HTML as values: everything is escaped unless it was made here, so text from the data can never become markup (F34)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Final

from driftwatch.telemetry.text import visible

TEXT_CHARACTERS: Final = 300
"""Longest text shown in one place."""
_VOID: Final = frozenset({"meta", "link", "br", "hr"})


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


Child = str | int | float | Markup


def tag(element: str, /, *children: Child, **attributes: str) -> Markup:
    """One element; attribute names are written without their trailing underscore (`class_`)."""
    shown = "".join(f' {key.rstrip("_")}="{escape(value)}"' for key, value in attributes.items())
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
    return tag("div", made, class_="scroll")


def page(title: str, *children: Child) -> str:
    """A whole page: no script, one style sheet of our own, nothing from elsewhere."""
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", title),
        tag("link", rel="stylesheet", href="/style.css"),
    )
    return "<!doctype html>" + tag("html", head, tag("body", tag("main", *children)), lang="en")


def _shown(child: Child) -> str:
    if isinstance(child, Markup):
        return child
    return escape(visible(str(child), TEXT_CHARACTERS))


STYLE: Final = """\
:root { color-scheme: light dark; --back: #fcfcfb; --ink: #1c1d1f; --soft: #5a5f66; --line: #d9dce0;
  --ok: #17663a; --warning: #8a5300; --drift: #b3161b; --quiet: #5a5f66; --link: #0b57b0; }
@media (prefers-color-scheme: dark) {
  :root { --back: #15171a; --ink: #e8eaed; --soft: #a5abb3; --line: #363b42;
    --ok: #6fd39a; --warning: #f0b459; --drift: #ff8a84; --quiet: #a5abb3; --link: #8ab8ff; }
}
body { margin: 0; background: var(--back); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 72rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; }
h1 { font-size: 1.5rem; margin: 0 0 .5rem; }
h2, caption { font-size: 1.1rem; font-weight: 600; text-align: left; margin: 0; padding: 1.5rem 0 .4rem; }
a { color: var(--link); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .35rem .8rem .35rem 0; border-bottom: 1px solid var(--line); }
th { color: var(--soft); font-weight: 500; }
td { overflow-wrap: anywhere; min-width: 4rem; font-variant-numeric: tabular-nums; }
.none, .quiet { color: var(--quiet); }
.ok { color: var(--ok); } .warning { color: var(--warning); } .drift { color: var(--drift); font-weight: 600; }
code, pre { font: .9em/1.45 ui-monospace, monospace; }
pre { overflow-x: auto; padding: .6rem .8rem; border: 1px solid var(--line); border-radius: .3rem; }
"""
