"""The picture of a model's versions for the snapshot: values only, safe to hand to other threads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

import numpy as np

from driftwatch.monitor.prospects import Prospects
from driftwatch.monitor.snapshot import EvidenceView, IssueView, RuleView, VersionView
from driftwatch.monitor.versions import Versions
from driftwatch.verdicts.verdict import CODE, VERDICTS, Verdict, loudest


def version_views(
    versions: Versions,
    evidence: Mapping[str, tuple[EvidenceView, ...]] | None = None,
    quality: Callable[[str], Iterable[IssueView]] = lambda _: (),
    of_model: Verdict = Verdict.INSUFFICIENT,
    prospects: Mapping[str, Prospects] | None = None,
    before: Mapping[str, Verdict] | None = None,
) -> dict[str, VersionView]:
    """Every live version, then those whose reference is still being learned; `of_model`: what is said of all of them.

    `before`: what was said last of a version, which stands until something is said of it again after a restart.

    Readings and arrays are never changed once made, so sharing them is safe.
    """
    views = {
        name: replace(
            _view(
                versions,
                name,
                (evidence or {}).get(name, ()),
                tuple(quality(name)),
                of_model,
                (before or {}).get(name, Verdict.INSUFFICIENT),
            ),
            prospects=(prospects or {}).get(name),
        )
        for name in versions.live
    }
    return views | {name: _learning_view(name) for name in versions.learning}


def _view(
    versions: Versions,
    name: str,
    evidence: tuple[EvidenceView, ...],
    quality: tuple[IssueView, ...],
    of_model: Verdict,
    before: Verdict,
) -> VersionView:
    version, rules = versions.live[name], tuple(versions.judging[name].views.values())
    return VersionView(
        version=name,
        layout_hash=version.layout.hash,
        reference_hash=version.reference.hash,
        slices=version.layout.slices.rows,
        verdict=verdict_of(rules, evidence, quality, of_model) if rules or evidence else before,
        readings=dict(version.readings),
        rules=rules,
        last_event_ms=version.state.last_event_ms,
        evidence=evidence,
        quality=quality,
        cohorts=version.cohort_view(),
        restored=versions.judging[name].restored,
    )


def verdict_of(
    rules: Iterable[RuleView],
    evidence: Iterable[EvidenceView],
    quality: Iterable[IssueView],
    of_model: Verdict = Verdict.INSUFFICIENT,
) -> Verdict:
    """The loudest that is said of a version, by its rules, its evidence and what is wrong with its data."""
    told = (*rules, *evidence)
    said: set[int] = {code for view in told for code in np.unique(view.verdicts).tolist() if code >= 0}
    if any(issue.alerts for issue in quality):
        said.add(CODE[Verdict.WARNING])
    return loudest([of_model, *(VERDICTS[code] for code in said)])


def _learning_view(name: str) -> VersionView:
    """Nothing is counted yet, and nothing may alarm (E10)."""
    return VersionView(
        name, layout_hash="", reference_hash="", slices=(), verdict=Verdict.LEARNING, readings={}
    )
