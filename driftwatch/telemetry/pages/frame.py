"""The frame of every page: head line, navigation, cards, pictures with their numbers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final
from urllib.parse import quote

from driftwatch import __version__
from driftwatch.telemetry.markup import Child, Markup, join, page, tag

ADDRESS_MAX: Final = 200
"""Characters of a name that an address may carry."""
_FEW: Final = 4
"""Columns that a telephone shows side by side."""


def frame(title: str, *children: Child, trail: Sequence[tuple[str, str]] = (), foot: Child = "") -> str:
    """A page of the daemon; `trail`: (name, address) of the pages above it."""
    steps = [tag("li", tag("a", name, href=address)) for name, address in trail]
    here = tag("nav", tag("ol", *steps, class_="trail"), aria_label="You are here") if steps else ""
    return page(
        f"{title} · driftwatch" if title != "driftwatch" else title,
        tag("a", "Skip to the content", href="#content", class_="skip"),
        tag(
            "header",
            tag("a", mark(), tag("span", "driftwatch"), href="/", class_="brand"),
            tag(
                "nav",
                *(
                    tag("a", name, href=address)
                    for name, address in (("Models", "/"), ("API", "/api/docs"), ("Metrics", "/metrics"))
                ),
                aria_label="Main",
            ),
            class_="top",
        ),
        tag("main", here, *children, id="content"),
        tag(
            "footer", foot or f"driftwatch {__version__}. Times are UTC; event time unless it says otherwise."
        ),
    )


def mark() -> Markup:
    """The sign of the product: a level, and what leaves it."""
    drawn = join(
        [
            tag("rect", x="1", y="1", width="22", height="22", rx="6", class_="mark-back"),
            tag("path", d="M5 14.5 H10 C14 14.5 13.5 7.5 19 7.5", class_="mark-curve"),
            tag("path", d="M5 17.5 H19", class_="mark-level"),
        ]
    )
    return tag(
        "svg", drawn, viewBox="0 0 24 24", width="24", height="24", aria_hidden="true", focusable="false"
    )


def card(title: str, *children: Child, about: Child = "", wide: bool = False) -> Markup:
    """One section of a page with a heading of its own."""
    said = tag("p", about, class_="about") if about else ""
    return tag(
        "section",
        tag("h2", title),
        said,
        *children,
        class_="card wide" if wide else "card",
        aria_label=title,
    )


def figure(
    drawn: Markup, caption: Child, head: Sequence[str], rows: Iterable[Sequence[Child]], key: Child = ""
) -> Markup:
    """A picture with its caption, and the same as a table for those who do not see it or want the numbers."""
    numbers = tag("details", tag("summary", "Numbers"), plain_table(head, rows))
    return tag("figure", tag("figcaption", caption, key), drawn, numbers)


def key(*entries: tuple[str, str]) -> Markup:
    """The key of a picture: (class, meaning)."""
    return tag("span", *(tag("span", tag("i", class_=f"k {c}"), name) for c, name in entries), class_="key")


def plain_table(head: Sequence[str], rows: Iterable[Sequence[Child]]) -> Markup:
    """A table under a heading that says what it is."""
    body = [tag("tr", *(tag("td", cell) for cell in row)) for row in rows]
    if not body:
        return tag("p", "Nothing yet.", class_="none")
    top = tag("thead", tag("tr", *(tag("th", name, scope="col") for name in head)))
    inside = tag("table", top, tag("tbody", *body))
    return tag(
        "div",
        inside,
        class_="scroll broad" if len(head) > _FEW else "scroll",
        tabindex="0",
        role="group",  # a region would be a landmark, and a page has dozens of tables
        aria_label=f"Table: {', '.join(head[:3])}",
    )


def model_address(model: str, **chosen: str) -> str:
    """Where a model's page is; a name that no address can carry is left out, and the page shows what it shows unasked."""
    asked = "&".join(f"{name}={quote(value, safe='')}" for name, value in chosen.items() if carried(value))
    return f"/models/{quote(model, safe='')}" + (f"?{asked}" if asked else "")


def carried(name: str) -> bool:
    """Whether an address can carry a name from the data."""
    return 0 < len(name) <= ADDRESS_MAX and name.isprintable()


def alert_address(fingerprint: str) -> str:
    """Where an alert's page is."""
    return f"/alerts/{quote(fingerprint, safe='')}"
