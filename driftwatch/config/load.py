"""A configuration file, its environment overrides and everything it points to, loaded or refused as a whole."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

from pydantic import ValidationError

from driftwatch.config.anchor import anchored
from driftwatch.config.checks import check
from driftwatch.config.environment import merge, overrides, strangers, variables
from driftwatch.config.errors import Mistake, translate
from driftwatch.config.outside import Found, look
from driftwatch.config.places import problems
from driftwatch.config.read import MAX_BYTES, read
from driftwatch.config.spec import Configuration
from driftwatch.errors import ConfigurationError, Problem
from driftwatch.references.reference import Reference

_SECRET_KEYS: Final = frozenset(("file", "env"))


@dataclass(frozen=True, slots=True)
class Loaded:
    """A configuration that can be used; relative paths in it already start at the file's folder."""

    configuration: Configuration
    hash: str
    """64 hex digits over the configuration as it was parsed, without secrets and their places."""
    path: Path
    references: Mapping[str, tuple[Reference | None, ...]]
    """By model, beside `ModelSpec.references`: None where it is learned, or where nothing outside was read."""


def load(path: Path, outside: bool = True) -> Loaded:
    """Read, override from the environment, validate and check; raises ConfigurationError with every mistake.

    With `outside`, secrets must be readable and reference files must be there and fit. A reference file is
    told as a mistake of the line that names it.
    """
    document = read(_content(path), str(path))
    overriding = variables()
    data = merge(document.data, overrides())
    try:
        configuration = Configuration.model_validate(data)
        mistakes: list[Mistake] = []
    except ValidationError as error:
        configuration, mistakes = None, translate(error, data)
    told = {mistake.path for mistake in mistakes}
    mistakes += [mistake for mistake in check(data) if mistake.path not in told]
    whole = anchored(data, path.absolute().parent)
    found = look(whole) if outside else Found()
    found_problems = (
        *problems(document, overriding, [*mistakes, *found.mistakes]),
        *_strange_variables(),
    )
    if found_problems or configuration is None:
        raise ConfigurationError(problems=found_problems)
    return Loaded(Configuration.model_validate(whole), fingerprint(configuration), path, found.references)


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        message = f"the file cannot be read: {error.strerror or error}"
        raise ConfigurationError(
            problems=(Problem(str(path), 0, 0, message, "-c with the path of a file"),)
        ) from None


def _strange_variables() -> list[Problem]:
    return [
        Problem(f"environment variable {name}", 0, 0, mistake.message, mistake.write)
        for name, mistake in strangers(variables())
    ]


def fingerprint(configuration: Configuration) -> str:
    """sha256 of the canonical form: sorted keys, defaults written out, no secret and no place of one."""
    canonical = json.dumps(
        _without_secrets(configuration.model_dump(mode="json")), sort_keys=True, separators=(",", ":")
    )
    return hashlib.sha256(canonical.encode()).hexdigest()


def _without_secrets(value: Any) -> Any:
    if isinstance(value, dict):
        entries = cast("dict[str, Any]", value)
        if entries.keys() == _SECRET_KEYS:
            return None
        return {key: _without_secrets(inner) for key, inner in entries.items()}
    if isinstance(value, list):
        return [_without_secrets(inner) for inner in cast("list[Any]", value)]
    return value
