"""The simulations: `python -m tests.simulations` runs every world and writes its tables into docs/evidence.md."""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.simulations import boundary, changes, label_worlds, null_worlds, peers

PAGE = Path(__file__).parents[2] / "docs" / "evidence.md"
TABLES: dict[str, Callable[[], Iterator[str]]] = {
    "boundary": lambda: boundary.table(seeds=50, streams=5, panes=2_100),
    "calm": lambda: null_worlds.table(seeds=20, streams=20),
    "first_day": lambda: null_worlds.first_day_table(seeds=20, streams=2),
    "changes": lambda: changes.table(seeds=20, after=2_016, reference=2_016),
    "peers": lambda: peers.table(seeds=20, after=600),
    "missing": lambda: changes.missing_table(seeds=20, after=600),
    "labels": lambda: label_worlds.tables(seeds=20, runs=200),
}


def write(page: str, name: str, lines: list[str]) -> str:
    """The page with the table between its marks replaced."""
    begin, end = f"<!-- simulate: {name} -->", f"<!-- end: {name} -->"
    found = re.search(f"{re.escape(begin)}.*?{re.escape(end)}", page, re.DOTALL)
    if found is None:
        raise SystemExit(f"{PAGE.name} has no place for the table {name!r}: {begin} … {end}")
    return page[: found.start()] + "\n".join([begin, "", *lines, "", end]) + page[found.end() :]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.simulations", description=__doc__)
    parser.add_argument("--only", action="append", choices=TABLES, help="only this table (can be repeated)")
    for name in parser.parse_args().only or TABLES:
        started = time.monotonic()
        lines: list[str] = []
        for line in TABLES[name]():
            lines.append(line)
            print(line, flush=True)
        PAGE.write_text(write(PAGE.read_text(encoding="utf-8"), name, lines), encoding="utf-8")
        print(f"{name}: {time.monotonic() - started:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
