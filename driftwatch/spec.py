"""What every piece of configuration is made of: a strict immutable model, and secrets that never show."""

from __future__ import annotations

import os
from pathlib import Path

from pydantic import BaseModel, ConfigDict, model_validator


class Spec(BaseModel):
    """A piece of configuration: immutable, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, allow_inf_nan=False)


class Secret(Spec):
    """A secret from a file or the environment: `{file: /run/secrets/x}` or `{env: NAME}`; read at use, so a rotated file needs no restart."""

    file: Path | None = None
    """A file that holds the secret and nothing else; a relative path starts at the configuration file."""
    env: str | None = None
    """The environment variable that holds it."""

    @model_validator(mode="after")
    def _one_of(self) -> Secret:
        if (self.file is None) == (self.env is None):
            raise ValueError(
                "a secret has exactly one of `file` and `env`; write {file: PATH} or {env: NAME}"
            )
        return self

    def reveal(self) -> str:
        """The secret's text without a final newline; raises OSError or KeyError when it is not there."""
        if self.file is not None:
            return self.file.read_text(encoding="utf-8").rstrip("\r\n")
        return os.environ[self.env or ""]
