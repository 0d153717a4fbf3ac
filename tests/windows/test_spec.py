"""How windows are declared."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from driftwatch.windows.spec import WindowSpec


def test_a_window_is_called_by_its_size_or_its_name() -> None:
    assert WindowSpec.model_validate({"size": "1d", "slide": "1h"}).called == "1d"
    assert WindowSpec.model_validate({"size": "90m", "slide": "5m"}).called == "1h30m"
    named = WindowSpec.model_validate({"size": "1d", "slide": "1h", "name": "day"})
    assert (named.called, named.size, named.slide) == ("day", 86_400_000, 3_600_000)


@pytest.mark.parametrize(
    "wrong", [{"size": "1h"}, {"slide": "1h"}, {"size": 60, "slide": "1m"}, {"name": ""}, {"sise": "1h"}]
)
def test_what_is_wrong_is_refused(wrong: dict[str, Any]) -> None:
    given = {"size": "1h", "slide": "5m"} | wrong if "name" in wrong or "sise" in wrong else wrong
    with pytest.raises(ValidationError):
        WindowSpec.model_validate(given)
