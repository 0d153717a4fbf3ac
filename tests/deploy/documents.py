"""Read YAML as its 1.2 edition means it: only true and false are booleans, so `on:` and `NO` are text."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

BOOLEAN = "tag:yaml.org,2002:bool"


class Loader(yaml.SafeLoader):
    """PyYAML's safe loader without the booleans of YAML 1.1."""


Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != BOOLEAN]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
Loader.add_implicit_resolver(BOOLEAN, re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF"))


def read(path: Path) -> Any:
    """The document in a file."""
    return yaml.load(path.read_text(encoding="utf-8"), Loader)  # a safe loader
