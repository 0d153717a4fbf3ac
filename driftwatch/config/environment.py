"""Environment variables that override the file: DRIFTWATCH_KAFKA__GROUP_ID sets `group_id` in `kafka`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cache
from typing import Any, Final, cast

from pydantic import create_model
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, EnvSettingsSource

from driftwatch.config.errors import Mistake, unknown_key
from driftwatch.config.marks import Path
from driftwatch.config.spec import Configuration

PREFIX: Final = "DRIFTWATCH_"
DELIMITER: Final = "__"


class _Source(EnvSettingsSource):
    """Reads lists and mappings as JSON, and also `a,b` for a list, which a shell likes better."""

    def decode_complex_value(self, field_name: str, field: FieldInfo, value: Any) -> Any:
        try:
            return super().decode_complex_value(field_name, field, value)
        except ValueError:
            if str(value).lstrip()[:1] in ("[", "{"):
                return value  # broken JSON: the validation names the variable
            is_list = getattr(field.annotation, "__origin__", None) is list
            return [part.strip() for part in str(value).split(",")] if is_list else value


@cache
def _source_class() -> type[BaseSettings]:
    fields: dict[str, Any] = {
        name: (info.annotation, info) for name, info in Configuration.model_fields.items()
    }
    return create_model("Overrides", __base__=BaseSettings, **fields)


def overrides() -> dict[str, Any]:
    """What the process's environment sets, nested like the file."""
    return _Source(_source_class(), env_prefix=PREFIX, env_nested_delimiter=DELIMITER)()


def variables(environment: Mapping[str, str] | None = None) -> dict[Path, str]:
    """The overriding variables by the path that each one sets."""
    found: dict[Path, str] = {}
    for name in sorted(os.environ if environment is None else environment):
        if name.upper().startswith(PREFIX) and (DELIMITER in name or _top(name)):
            found[tuple(name[len(PREFIX) :].lower().split(DELIMITER))] = name
    return found


def _top(name: str) -> bool:
    return name[len(PREFIX) :].lower() in Configuration.model_fields


def strangers(found: Mapping[Path, str]) -> list[tuple[str, Mistake]]:
    """Variables with `__` whose first part is no key of a configuration, with their mistake."""
    known = list(Configuration.model_fields)
    return [(name, unknown_key(path[:1], known)) for path, name in found.items() if path[0] not in known]


def merge(data: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """`data` with the values of `over`; mappings are merged, everything else is replaced."""
    merged = dict(data)
    for key, value in over.items():
        below = merged.get(key)
        if isinstance(value, Mapping) and isinstance(below, Mapping):
            merged[key] = merge(cast("Mapping[str, Any]", below), cast("Mapping[str, Any]", value))
        else:
            merged[key] = value
    return merged
