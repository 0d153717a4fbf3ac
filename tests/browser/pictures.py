"""The README's pictures, made again from the lender's pages: `make pictures`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final, NamedTuple

from tests.browser.chromium import browser, missing
from tests.browser.serving import served
from tests.telemetry.lender import lender

IMAGES: Final = Path(__file__).resolve().parents[2] / "docs" / "images"
BYTES_MAX: Final = 150_000


class Shot(NamedTuple):
    """One picture of the documentation: the first `height` pixels of a page."""

    name: str
    path: str
    height: int
    dark: bool = False


def shots() -> tuple[Shot, ...]:
    """All of them."""
    alert = next(alert.fingerprint for alert in lender().model.alerts if alert.rule == "inputs moved")
    return (
        Shot("status-page", "/", 760),
        Shot("status-page-dark", "/", 760, dark=True),
        Shot("model", "/models/credit-default", 1_240),
        Shot("alert", f"/alerts/{alert}", 1_010),
        Shot("alert-dark", f"/alerts/{alert}", 1_010, dark=True),
    )


def make(folder: Path) -> list[Path]:
    """Write them; raises ValueError where one is too large for a repository."""
    made: list[Path] = []
    with served(lender()) as address, browser() as page:
        for shot in shots():
            page.looks(dark=shot.dark, width=1_120)
            page.goto(address + shot.path)
            made.append(folder / f"{shot.name}.png")
            page.screenshot(made[-1], height=shot.height, scale=0.75)
            if (size_bytes := made[-1].stat().st_size) > BYTES_MAX:
                raise ValueError(f"{made[-1]} has {size_bytes:,} bytes; at most {BYTES_MAX:,}")
    return made


if __name__ == "__main__":
    if (reason := missing()) is not None:
        sys.exit(reason)
    for path in make(IMAGES):
        print(path, path.stat().st_size)
