"""Writes the dashboards as JSON beside this file: `python -m dashboards.build`."""

from __future__ import annotations

import json
from pathlib import Path

from dashboards import daemon, feature, model, overview

HERE = Path(__file__).parent
DASHBOARDS = {
    "overview.json": overview.dashboard,
    "model.json": model.dashboard,
    "feature.json": feature.dashboard,
    "driftwatch.json": daemon.dashboard,
}


def render(name: str) -> str:
    """The text of one file."""
    return json.dumps(DASHBOARDS[name](), indent=2, ensure_ascii=False) + "\n"


def write() -> None:
    """Write every file."""
    for name in DASHBOARDS:
        (HERE / name).write_text(render(name), encoding="utf-8")


if __name__ == "__main__":
    write()
