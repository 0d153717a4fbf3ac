"""What commands write on: rich tables on a terminal, aligned plain text in a pipe, or JSON."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any


class Paper:
    """Writes to stdout in the form that the reader can use."""

    def __init__(self, as_json: bool = False) -> None:
        self.as_json = as_json
        self.terminal = sys.stdout.isatty()

    def json(self, value: Any) -> None:
        """Any value of plain types, dataclasses or structs as indented JSON."""
        import msgspec

        text = msgspec.json.format(msgspec.json.encode(value, order="deterministic"), indent=2)
        sys.stdout.write(text.decode() + "\n")

    def line(self, text: str = "") -> None:
        """One line of text."""
        sys.stdout.write(_clean(text) + "\n")

    def heading(self, text: str) -> None:
        """A heading with a blank line above."""
        if self.terminal:
            from rich.console import Console
            from rich.text import Text

            Console().print(Text(f"\n{_clean(text)}", style="bold"))
        else:
            sys.stdout.write(f"\n{_clean(text)}\n")

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """A table; columns whose name begins with `#` hold numbers and stand to the right. Never cut in a pipe."""
        names = [_clean(name.removeprefix("#")) for name in columns]
        right = [name.startswith("#") for name in columns]
        cells = [[_clean(cell) for cell in row] for row in rows]
        if self.terminal:
            self._rich(names, right, cells)
            return
        widths = [max(len(row[i]) for row in [names, *cells]) for i in range(len(names))]
        for row in [names, *cells]:
            shown = [
                cell.rjust(width) if is_right else cell.ljust(width)
                for cell, width, is_right in zip(row, widths, right, strict=True)
            ]
            sys.stdout.write("  " + "  ".join(shown).rstrip() + "\n")

    def _rich(self, names: list[str], right: list[bool], cells: list[list[str]]) -> None:
        from rich import box
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text

        table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
        for name, is_right in zip(names, right, strict=True):
            table.add_column(name, justify="right" if is_right else "left", overflow="fold")
        for row in cells:
            table.add_row(*(Text(cell) for cell in row))
        Console().print(table)


def _clean(text: str) -> str:
    """Without control characters that a terminal would obey (F34)."""
    return "".join(c if c.isprintable() or c == "\n" else ascii(c)[1:-1] for c in text)


def size(size_bytes: float) -> str:
    """`1.8 MiB`; whole bytes below 1 KiB."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if size_bytes < 1024 or unit == "GiB":
            return f"{size_bytes:.0f} {unit}" if unit == "B" else f"{size_bytes:.1f} {unit}"
        size_bytes /= 1024
    raise AssertionError("unreachable")


def count(number: int) -> str:
    """`12 345`, with thin groups as people read them."""
    return f"{number:,}".replace(",", " ")
