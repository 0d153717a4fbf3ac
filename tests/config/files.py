"""Configuration texts for tests: a small one that is right, and a way to load a text and list its mistakes."""

from __future__ import annotations

from pathlib import Path

import yaml

from driftwatch.config.load import Loaded, load
from driftwatch.errors import ConfigurationError, Problem

GOOD = """\
kafka: {bootstrap_servers: [kafka:9092]}
models:
  - name: credit
    task: binary
    reference: {learn: 7d}
    predictions: {topic: p, id: id, score: score, features: [age, income, country]}
    labels: {topic: l, id: id, label: y}
    slices: [country]
    windows: [{size: 1h, slide: 5m}]
    rules:
      - {name: moved, when: psi > 0.25 for 3 panes}
endpoints:
  - {name: ci, url: https://ci.example.com/hook, on: [retrain]}
"""


def load_text(folder: Path, text: str | bytes, outside: bool = False) -> Loaded:
    """The configuration of this text, from a file `c.yaml` in `folder`."""
    path = folder / "c.yaml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return load(path, outside=outside)


def mistakes(folder: Path, text: str | bytes, outside: bool = False) -> list[Problem]:
    """The problems of this text; none where it loads."""
    try:
        load_text(folder, text, outside)
    except ConfigurationError as error:
        return list(error.problems)
    return []


def good() -> dict:
    """The right configuration as data, to be changed at will."""
    return yaml.safe_load(GOOD.replace(", on: [", ', "on": ['))


def text_of(data: object) -> str:
    """Data as a configuration file."""
    return yaml.safe_dump(data, sort_keys=False, allow_unicode=True)
