"""A page as a person or a screen reader gets it: text, links, pictures with their labels; nothing unbalanced."""

from __future__ import annotations

from html.parser import HTMLParser

VOID = {"base", "meta", "link", "br", "hr"}
HIDDEN = {"style", "title", "desc"}


class Seen(HTMLParser):
    """Every element that opens also closes, in order; ids are unique; nothing comes from another host."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.links: list[str] = []
        self.tags: set[str] = set()
        self.ids: list[str] = []
        self.labels: list[str] = []
        """Of pictures."""
        self.classes: list[str] = []
        self._words: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []
        assert len(self.ids) == len(set(self.ids)), sorted(i for i in self.ids if self.ids.count(i) > 1)

    @property
    def words(self) -> str:
        """Everything that is read, with single spaces."""
        return " ".join("".join(self._words).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        assert not any(name.startswith("on") or name == "style" for name in found), "the policy forbids it"
        self.tags.add(tag)
        self.links += [value for name, value in found.items() if name in ("href", "src")]
        self.classes += found.get("class", "").split()
        if "id" in found:
            self.ids.append(found["id"])
        if tag == "svg" and found.get("aria-hidden") != "true":
            assert found["role"] == "img"
            self.labels.append(found["aria-label"])
        if tag not in VOID:
            self.open.append(tag)
        if tag in ("td", "th", "li", "p", "h1", "h2", "h3", "dt", "dd", "span", "a"):
            self._words.append(" ")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag
        if tag not in ("b", "span", "a"):
            self._words.append(" ")

    def handle_data(self, data: str) -> None:
        if not self.open or self.open[-1] not in HIDDEN:
            self._words.append(data)
