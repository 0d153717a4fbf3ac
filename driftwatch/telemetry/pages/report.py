"""The report: one self-contained HTML file that says what was watched, against what, what it showed and what was decided."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from driftwatch import __version__
from driftwatch.alerts.decision_log import Decided
from driftwatch.alerts.outbox import Delivery
from driftwatch.monitor.snapshot import ModelView, Snapshot, VersionView
from driftwatch.references.codec import decode
from driftwatch.telemetry.charts.shapes import figures
from driftwatch.telemetry.markup import Child, Markup, join, page, tag
from driftwatch.telemetry.pages.frame import card, mark, plain_table
from driftwatch.telemetry.pages.model import cards, facts
from driftwatch.telemetry.pages.overview import ordered
from driftwatch.telemetry.pages.reasons import reason
from driftwatch.telemetry.pages.sight import look, newest_ms, windows_of, worst_first
from driftwatch.telemetry.pages.style import STYLE
from driftwatch.telemetry.pages.words import CAUSES, badge, lasting, measured, named, place, when, whole
from driftwatch.telemetry.rows import Chosen, version_rows
from driftwatch.verdicts.verdict import Finding

POLICY: Final = "default-src 'none'; style-src 'sha256-{}'"
"""What the file may do when it is opened: show itself, in its own style."""
_HASH: Final = 12


@dataclass(frozen=True, slots=True)
class Audited:
    """The last commit of a state directory, and what it was counted with."""

    directory: str
    snapshot: Snapshot
    deliveries: Sequence[Delivery] = ()
    """Newest first."""
    configuration: str = ""
    """Hash of the configuration in force."""
    external_url: str = ""
    references: Mapping[str, bytes] = field(default_factory=dict[str, bytes])
    """Reference files by hash."""


def report_page(audited: Audited, made_ms: int, model: str | None = None) -> str:
    """The whole file. `made_ms` is the wall clock's; `model` chooses one of them."""
    models = [m for m in ordered(audited.snapshot) if model in (None, m.model)]
    parts = [part for shown in models for part in _model(audited, shown)]
    main = tag(
        "main",
        tag("div", tag("h1", "Drift report"), _about(audited, models, made_ms), class_="head"),
        card("Models", _models(models), wide=True),
        *parts,
        id="content",
    )
    top = tag("header", tag("span", mark(), tag("span", "driftwatch"), class_="brand"), class_="top")
    foot = tag(
        "footer",
        f"Made by driftwatch {__version__} from {audited.directory}. Times are UTC; event time unless it says otherwise.",
    )
    return page("Drift report · driftwatch", top, main, foot, head=_head(audited.external_url))


def _head(external_url: str) -> Markup:
    digest = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
    policy = tag("meta", http_equiv="Content-Security-Policy", content=POLICY.format(digest))
    # Links lead to the daemon that the state is of.
    base = tag("base", href=external_url.rstrip("/") + "/") if external_url else ""
    return join([policy, base, tag("style", Markup(STYLE))])


def _about(audited: Audited, models: Sequence[ModelView], made_ms: int) -> Markup:
    begins = [int(line.ends_ms[0]) for model in models for line in model.history if len(line.ends_ms)]
    begins += [decided.time_ms for model in models for decided in model.decisions[:1]]
    end_ms = max((newest_ms(model) for model in models), default=0)
    period = join([when(min(begins)), " to ", when(end_ms)]) if begins else "nothing was counted yet"
    return facts(
        [
            ("Period", period),
            ("Made", join([when(made_ms), " (wall clock)"])),
            ("Commit", f"{audited.snapshot.sequence:,}"),
            ("Configuration", tag("code", audited.configuration)),
        ]
    )


def _models(models: Sequence[ModelView]) -> Markup:
    rows: list[Sequence[Child]] = [
        (model.model, version.version, badge(version.verdict.value), reason(model, version))
        for model in models
        for version in worst_first(model)
    ]
    return plain_table(("Model", "Version", "Verdict", "Why"), rows)


def _model(audited: Audited, model: ModelView) -> list[Markup]:
    def sent(subject: str | None) -> Sequence[Delivery]:
        return audited.deliveries

    parts: list[Markup] = []
    for version in worst_first(model):
        title = tag("h1", f"{model.model}, version {version.version}")
        parts += [
            tag("div", title, class_="head part"),
            card("Reference", _reference(audited, version), wide=True),
        ]
        sight = look(model, version.version)
        if sight is not None and version.readings:
            parts += cards(sight, sent, decisions=False)
        parts.append(
            card(
                "Statistics",
                *_statistics(version),
                about="All traffic, the last reading of each window.",
                wide=True,
            )
        )
    log = _decisions(model.decisions)
    return [
        *parts,
        card(
            f"Decisions on {model.model}", log, about="All that are remembered, the newest first.", wide=True
        ),
    ]


def _reference(audited: Audited, version: VersionView) -> Child:
    data = audited.references.get(version.reference_hash)
    if data is None:
        return tag("p", tag("code", version.reference_hash or "being learned"))
    known = decode(data)
    span = join([when(known.start_ms), " to ", when(known.end_ms), f" ({lasting(known.span_ms)})"])
    return facts(
        [
            ("Hash", tag("code", known.hash)),
            ("Built from", known.source),
            ("Events", f"{known.events:,}"),
            ("Covers", span if known.span_ms else "no event times"),
            ("Created", when(known.created_ms)),
            ("Layout", tag("code", version.layout_hash)),
        ]
    )


def _statistics(version: VersionView) -> list[Markup]:
    made: list[Markup] = []
    for window in windows_of(version):
        rows: list[Sequence[Child]] = [
            (
                named(row.statistic),
                row.feature or "–",
                figures(row.value, 4),
                f"{figures(row.lower, 4)} to {figures(row.upper, 4)}" if row.lower != row.upper else "–",
                f"{row.count:,}",
                badge(row.verdict) if row.verdict else "–",
            )
            for row in version_rows(version, Chosen(slice="all"), window)
        ]
        table = plain_table(("Statistic", "Feature", "Value", "Interval", "Events", "Verdict"), rows)
        made.append(tag("details", tag("summary", f"Window {window}: {len(rows)} statistics"), table))
    return made


def _decisions(found: Sequence[Decided]) -> Markup:
    rows: list[Sequence[Child]] = [
        (
            when(d.time_ms),
            d.version,
            d.rule,
            badge(d.new) if len(d.new) < 10 else tag("code", d.new[:_HASH]),
            CAUSES.get(d.reason, d.reason),
            tag("ul", *(tag("li", place(f), ": ", _said(f)) for f in d.findings[:2])) if d.findings else "–",
            tag("code", d.configuration[:_HASH]),
            tag("code", d.reference[:_HASH] or "–"),
        )
        for d in reversed(found)
    ]
    head = (
        "Event time",
        "Version",
        "Rule",
        "Became",
        "Because",
        "Loudest findings",
        "Configuration",
        "Reference",
    )
    return plain_table(head, rows)


def _said(finding: Finding) -> Child:
    """Of evidence the sentence: its number alone, a share or a gap, says nothing."""
    return whole(finding.cells[0]) if finding.statistic == "evidence" and finding.cells else measured(finding)
