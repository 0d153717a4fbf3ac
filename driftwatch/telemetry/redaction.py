"""Known secrets taken out of every text that leaves through the logs (P10, F35)."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Final
from urllib.parse import quote, quote_plus

MARK: Final = "[redacted]"


class Redaction:
    """The secrets in use; the app adds each one as it reveals it. Adding replaces one tuple, so threads need no lock."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._forms: tuple[str, ...] = ()
        self.add(*secrets)

    def add(self, *secrets: str) -> None:
        """Hide these too, as they are and as URLs, JSON and Python would write them."""
        forms = {form for secret in secrets if secret.strip() for form in _forms(secret)}
        self._forms = tuple(sorted({*self._forms, *forms}, key=lambda form: (-len(form), form)))

    def clean(self, text: str) -> str:
        """The text with every secret replaced by `[redacted]`, longest first."""
        for form in self._forms:
            if form in text:
                text = text.replace(form, MARK)
        return text


def _forms(secret: str) -> set[str]:
    """How one secret can look; a line of a longer secret (a key file) is one of its own."""
    lines = [line for line in secret.splitlines() if len(line) >= 8]
    forms = {secret, secret.strip(), *lines}
    return {
        form
        for text in forms
        for form in (text, quote(text, safe=""), quote_plus(text), json.dumps(text)[1:-1], repr(text)[1:-1])
    }
