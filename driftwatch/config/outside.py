"""What a configuration points to outside its file: secrets, certificates, reference files, an optional client."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any, Final, cast

from pydantic import ValidationError

from driftwatch.config.errors import Mistake
from driftwatch.config.marks import Path
from driftwatch.config.parts import Parts
from driftwatch.config.reference_files import check_references, references_of
from driftwatch.config.schema import at, options
from driftwatch.config.words import is_secret
from driftwatch.references.reference import Reference
from driftwatch.source.spec import Client
from driftwatch.spec import Secret

_KAFKA_FILES: Final = ("ssl_cafile", "ssl_certfile", "ssl_keyfile")


@dataclass(frozen=True, slots=True)
class Found:
    """What was found, and what was not."""

    mistakes: tuple[Mistake, ...] = ()
    references: Mapping[str, tuple[Reference | None, ...]] = field(
        default_factory=dict[str, tuple[Reference | None, ...]]
    )


def look(data: Any) -> Found:
    """Everything that `data` (with absolute paths) points to; also where the data is wrong elsewhere."""
    parts = Parts(data)
    mistakes = [*_secrets(data, ()), *_kafka(parts)]
    references: dict[str, tuple[Reference | None, ...]] = {}
    for model in parts.entries(("models",)):
        outcomes = references_of(parts, model)
        mistakes += check_references(parts, model, outcomes)
        if (name := parts.text((*model, "name"))) is not None:
            references[name] = tuple(o if isinstance(o, Reference) else None for o in outcomes)
    return Found(tuple(mistakes), references)


def _secrets(value: Any, path: Path) -> Iterator[Mistake]:
    if isinstance(value, dict):
        entries = cast("dict[str, Any]", value)
        if any(is_secret(option) for option in options(at(path) or {})):
            yield from _secret(entries, path)
            return
        for key, inner in entries.items():
            yield from _secrets(inner, (*path, key))
    elif isinstance(value, list):
        for i, inner in enumerate(cast("list[Any]", value)):
            yield from _secrets(inner, (*path, i))


def _secret(entries: dict[str, Any], path: Path) -> Iterator[Mistake]:
    try:
        secret = Secret.model_validate(entries)
    except ValidationError:
        return
    try:
        text = secret.reveal()
    except KeyError:
        message = f"the environment variable `{secret.env}` is not set"
        yield Mistake((*path, "env"), message, f"{secret.env}=… into the process's environment")
        return
    except (OSError, UnicodeDecodeError) as error:
        why = (error.strerror or "unreadable") if isinstance(error, OSError) else "it is not text in UTF-8"
        message = f"the secret file {secret.file} cannot be read: {why}"
        yield Mistake((*path, "file"), message, f"the secret into a file that user {os.getuid()} can read")
        return
    if not text.strip():
        key = "env" if secret.file is None else "file"
        yield Mistake((*path, key), "the secret is empty", "the secret into that place")


def _kafka(parts: Parts) -> Iterator[Mistake]:
    for key in _KAFKA_FILES:
        text = parts.text(("kafka", key))
        if text is not None and (fault := file_fault(FilePath(text))):
            yield Mistake(("kafka", key), f"{text}: {fault}", "the path of a PEM file")
    if (
        parts.text(("kafka", "client")) == Client.CONFLUENT
        and importlib.util.find_spec("confluent_kafka") is None
    ):
        message = "the client `confluent` is not installed"
        yield Mistake(("kafka", "client"), message, "`kafka-python`, or install driftwatchd[confluent]")


def file_fault(path: FilePath) -> str:
    """Why a file cannot be read; empty where it can."""
    try:
        with path.open("rb") as file:
            file.read(1)
    except OSError as error:
        return error.strerror or "it cannot be read"
    return ""
