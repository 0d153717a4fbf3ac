"""Known secrets taken out of every text that leaves through the logs (P10, F35)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import quote, quote_plus

MARK: Final = "[redacted]"


class Redaction:
    """The secrets in use; the app adds each one as it reveals it. Adding replaces one pattern, so readers need no lock."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._forms: frozenset[str] = frozenset()
        self._pattern: re.Pattern[str] | None = None
        self.add(*secrets)

    def add(self, *secrets: str) -> None:
        """Hide these too, as they are and as URLs, JSON and Python would write them."""
        self._forms |= {form for secret in secrets if secret.strip() for form in _forms(secret)}
        longest_first = sorted(self._forms, key=lambda form: (-len(form), form))
        self._pattern = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None

    def clean(self, text: str) -> str:
        """The text with every secret replaced by `[redacted]`, in one pass: a mark is never looked at again."""
        return text if self._pattern is None else self._pattern.sub(MARK, text)


def _forms(secret: str) -> set[str]:
    """How one secret can look; a line of a longer secret (a key file) is one of its own."""
    lines = [line for line in secret.splitlines() if len(line) >= 8]
    forms = {secret, secret.strip(), *lines}
    return {
        form
        for text in forms
        for form in (text, quote(text, safe=""), quote_plus(text), json.dumps(text)[1:-1], repr(text)[1:-1])
    }
