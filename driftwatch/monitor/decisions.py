"""What is decided of one model: its alerts and its retraining episode, step by step in event time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec

from driftwatch.alerts import episodes as episode_rules
from driftwatch.alerts import group as alert_rules
from driftwatch.alerts.alert import Alert, Episode, EpisodeTransition, Transition
from driftwatch.alerts.decision_log import Decided, DecisionLog
from driftwatch.alerts.episodes import Episodes, Situation
from driftwatch.alerts.group import Alerts
from driftwatch.alerts.lifecycle import AlertCause
from driftwatch.alerts.notifications import Notification
from driftwatch.alerts.trail import Trail
from driftwatch.events.classes import Stream
from driftwatch.events.records import Partition
from driftwatch.facts import AlertChanged, EpisodeChanged, Fact
from driftwatch.monitor.inspecting import RULES as INSPECTED
from driftwatch.monitor.lateness import LATE_LABELS, WINDOW, LateState, counted, judge
from driftwatch.monitor.plan import ModelPlan
from driftwatch.monitor.tally import Tally
from driftwatch.monitor.watching import RULES
from driftwatch.summaries.patterns import matching
from driftwatch.verdicts.verdict import Judgement

REFERENCE: Final = "reference"
"""In the decision log in the place of a rule: a reference was accepted."""


class DecisionState(msgspec.Struct):
    """What the checkpoint holds of a model's alerts and episodes."""

    alerts: Alerts = Alerts()
    episodes: Episodes = Episodes()
    trail: Trail = Trail()
    time_ms: int = 0
    """End of the last pane that was decided."""
    log: DecisionLog = DecisionLog()
    late: LateState = LateState()
    """Labels that came too late to count (E5)."""


class Decisions:
    """Carries alerts and episodes forward; every step appends its facts and notifications."""

    def __init__(self, plan: ModelPlan, state: DecisionState) -> None:
        self._plan = plan
        self.state = state
        self.facts: list[Fact] = []
        self.notifications: list[Notification] = []
        self._references: Mapping[str, str] = {}

    def step(self, judgements: Sequence[Judgement], versions: Mapping[str, str], time_ms: int) -> None:
        """All judgements of the windows that end at one event time; `versions`: live ones with their references' hashes."""
        self._references = versions
        if judgements:
            self._alerts(alert_rules.advance(self.state.alerts, judgements, self._plan.about))
        self.state.time_ms = max(self.state.time_ms, time_ms)
        situation = Situation(
            model=self._plan.name,
            time_ms=self.state.time_ms,
            alerts=self.state.alerts,
            versions=tuple(sorted(versions)),
            trail=self.state.trail,
            window_sizes_ms={w.name: w.size_ms for w in self._plan.windows},
        )
        spec = self._plan.spec.retraining
        self._episodes(episode_rules.advance(self.state.episodes, situation, spec, self._plan.about))

    def judge_lateness(self, tally: Tally) -> None:
        """At a commit that closed panes: whether too many labels came too late to count (E5)."""
        now = counted(tally, self.state.time_ms)
        self.state.late, judgement = judge(self._plan, self.state.late, now)
        if judgement is not None:
            self._alerts(alert_rules.advance(self.state.alerts, [judgement], self._plan.about))

    def new_version(self, version: str, time_ms: int) -> None:
        """A version is established: it ends the episode that asked for it (E11)."""
        self._episodes(
            episode_rules.new_version(
                self.state.episodes, self._plan.name, version, self.state.alerts, time_ms, self._plan.about
            )
        )

    def end_version(self, version: str, cause: AlertCause = AlertCause.VERSION_ENDED) -> None:
        """A version has left all windows, or is counted in another layout: nothing more will be known of it as it was."""
        time_ms = self.state.time_ms
        self._alerts(
            alert_rules.end(self.state.alerts, self._plan.name, version, cause, time_ms, self._plan.about)
        )

    def accept(self, version: str, old: str, new: str, by: str) -> None:
        """What a version's alerts told of is its reference now (hashes `old` and `new`): they end, and the log says by whom."""
        self._references = {**self._references, version: new}
        decided = Decided(
            time_ms=self.state.time_ms,
            model=self._plan.name,
            version=version,
            rule=REFERENCE,
            kind="",
            severity="",
            old=old,
            new=new,
            reason=f"accepted by {by}",
            configuration=self._plan.about.configuration,
            reference=new,
            findings=(),
            findings_total=0,
        )
        self.state.log = self.state.log.note(decided)
        self.end_version(version, AlertCause.ACCEPTED)

    def reconfigure(self) -> None:
        """After a start: alerts of rules and windows that are no longer declared end, for nothing will resolve them (E9)."""
        names = [window.name for window in self._plan.windows]
        rules = {
            rule.name: [n for n, looked in zip(names, matching(rule.windows, names), strict=True) if looked]
            for rule in self._plan.spec.rules
        }
        if self._plan.budget is not None and self._plan.spec.evidence.enabled:
            rules |= RULES
        if Stream.LABELS in self._plan.streams:
            rules |= {LATE_LABELS: [WINDOW]}
        rules |= INSPECTED
        time_ms = self.state.time_ms
        self._alerts(
            alert_rules.reconfigure(self.state.alerts, self._plan.name, rules, time_ms, self._plan.about)
        )

    def knows(self, episode: str) -> bool:
        """Whether this is the model's current episode."""
        current = self.state.episodes.current.get(self._plan.name)
        return current is not None and current.id == episode

    def acknowledge(self, episode: str, by: str) -> None:
        """Somebody takes care of a retraining; raises as `alerts.episodes.acknowledge`."""
        self._episodes(episode_rules.acknowledge(self.state.episodes, episode, by, self.state.time_ms))

    def mark(self, newest_ms: int, offsets: Mapping[Partition, int]) -> None:
        """Remember where the logs stand: a retraining request names the offsets of its data."""
        self.state.trail = self.state.trail.add(newest_ms, offsets)

    def alerts(self) -> tuple[Alert, ...]:
        """Of this model, firing first."""
        return self.state.alerts.of(self._plan.name)

    def log(self) -> tuple[Decided, ...]:
        """The last decisions of this model, the oldest first."""
        return self.state.log.entries

    def episodes(self) -> tuple[Episode, ...]:
        """Of this model, the current one first."""
        return self.state.episodes.of(self._plan.name)

    def _alerts(self, step: alert_rules.Step) -> None:
        self.state.log = self.state.log.add(
            step.transitions,
            self.state.alerts,
            step.alerts,
            self._references,
            self._plan.about.configuration,
        )
        self.state.alerts = step.alerts
        self._tell(map(_alert_changed, step.transitions), step.notifications)

    def _episodes(self, step: episode_rules.EpisodeStep) -> None:
        self.state.episodes = step.episodes
        self._tell(map(_episode_changed, step.transitions), step.notifications)

    def _tell(self, facts: Iterable[Fact], notifications: Iterable[Notification]) -> None:
        self.facts.extend(facts)
        self.notifications.extend(notifications)


def journaled(facts: Iterable[Fact]) -> dict[str, Any]:
    """What the journal says of decisions: each transition with its event time; empty where there was none."""
    alerts = [[f.fingerprint, f.new.value, f.time_ms] for f in facts if isinstance(f, AlertChanged)]
    episodes = [[f.id, f.new.value, f.time_ms] for f in facts if isinstance(f, EpisodeChanged)]
    return {"alerts": alerts, "episodes": episodes} if alerts or episodes else {}


def _alert_changed(t: Transition) -> Fact:
    return AlertChanged(t.fingerprint, t.model, t.version, t.rule, t.old, t.new, t.reason, t.time_ms)


def _episode_changed(t: EpisodeTransition) -> Fact:
    return EpisodeChanged(t.id, t.model, t.old, t.new, t.reason, t.time_ms)
