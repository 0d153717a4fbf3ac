"""Names that want to break out, through every page and the report; on a live daemon: tests/faults/test_hostile_text.py."""

from __future__ import annotations

from dataclasses import replace

import pytest
from msgspec.structs import replace as replaced

from driftwatch.alerts.decision_log import Decided
from driftwatch.alerts.outbox import Delivery
from driftwatch.monitor.history import History, HistoryState
from driftwatch.monitor.snapshot import Snapshot
from driftwatch.telemetry.board import Picture
from driftwatch.telemetry.pages.alert import alert_page
from driftwatch.telemetry.pages.model import model_page
from driftwatch.telemetry.pages.overview import overview
from driftwatch.telemetry.pages.report import Audited, report_page
from driftwatch.verdicts.verdict import Verdict
from tests.telemetry import pictures
from tests.telemetry.markup import Seen

NAMES = (
    '"><script>alert(1)</script>',
    "</title></svg><img src=x onerror=alert(1)>",
    "' onmouseover='alert(1)",
    "\x1b[31mred\x1b[0m\x00nul",
    "\ud800 lone \u202e turned",
    "&lt;b&gt; &amp; {}%s",
    "a" * 1_000_000,
)


def world(name: str) -> Snapshot:
    """A model in which everything that may come from the data is called so."""
    shown = pictures.reading(pictures.layout((name, "ES"), features=(name, "age")), version=name)
    finding = pictures.alert().findings[0]
    cells = (f"{name[:100]}: 1 % → 2 %",)
    loud = tuple(
        replace(finding, slice=f"country={name}", field=field, cells=cells, evidence=cells, statistic="psi")
        for field in (name, "age")
    )
    alert = replaced(pictures.alert(version=name), findings=loud, rule=name)
    episode = replaced(pictures.episode(), version=name, new_version=name, acknowledged_by=name)
    history = History(HistoryState())
    history.read(shown, Verdict.DRIFT)
    history.judged(name, shown.end_ms, Verdict.DRIFT, [pictures.evidence()])
    decided = Decided(
        pictures.END_MS,
        "credit",
        name,
        name,
        "input",
        "drift",
        "pending",
        "firing",
        "held",
        "c",
        "r",
        loud,
        2,
    )
    version = replace(pictures.version_view(shown), evidence=(replace(pictures.evidence(), fields=(name,)),))
    model = replace(
        pictures.model_view(version),
        alerts=(alert,),
        episodes=(episode,),
        history=history.lines,
        decisions=(decided,),
    )
    return Snapshot(1, {"credit": model})


@pytest.mark.parametrize("name", NAMES, ids=lambda name: ascii(name)[:20])
def test_a_name_is_shown_and_never_obeyed(name: str) -> None:
    snapshot = world(name)
    model = snapshot.models["credit"]
    sent = [Delivery("m", "oncall", "alert.firing", model.alerts[0].fingerprint, 0, "pending", 1, name)]

    def deliveries(subject: str | None) -> list[Delivery]:
        return sent

    pages = {
        "overview": overview(Picture(snapshot, pictures.health()), 0.0),
        "model": model_page(model, deliveries, name, "1h", f"country={name}"),
        "alert": alert_page(model, model.alerts[0], deliveries),
        "report": report_page(Audited(name, snapshot, sent, name, "http://daemon"), 0),
    }
    for page, text in pages.items():
        seen = Seen(text)
        assert not {"script", "img"} & seen.tags, page
        assert not any(ord(c) < 32 and c != "\n" for c in text), page
        assert all(c.isprintable() or c == "\n" for c in text), page
        text.encode("utf-8")
        assert len(text) < 1_000_000, page
        start = ascii(name[:20])[1:-1]
        assert " ".join(start.split()) in seen.words, page
