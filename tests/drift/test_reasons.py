from __future__ import annotations

from pathlib import Path

from driftwatch.drift.reasons import SAYS, Reason
from driftwatch.drift.spec import QualitySpec
from driftwatch.events.sampling import LOOKED


def test_every_reason_is_said() -> None:
    assert list(SAYS) == list(Reason)
    assert all(text.endswith(".") for text in SAYS.values())


def test_the_page_in_docs_names_each_with_its_meaning() -> None:
    page = (Path(__file__).parents[2] / "docs" / "quality.md").read_text(encoding="utf-8")
    told = QualitySpec().alert
    rows = [f"| `{reason}` | {text} | {'yes' if reason in told else 'no'} |" for reason, text in SAYS.items()]
    assert "\n".join(rows) in page
    assert f"**{LOOKED} records per version" in page
