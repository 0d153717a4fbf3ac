"""Retraining episodes: one request per drift episode and model, only when it hurts, and when the episode ends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

import msgspec

from driftwatch.alerts.alert import Alert, AlertState, Episode, EpisodeState, EpisodeTransition
from driftwatch.alerts.broken_data import unexplained
from driftwatch.alerts.group import Alerts
from driftwatch.alerts.lifecycle import EPISODE_LIFECYCLE, AlertCause, EpisodeCause
from driftwatch.alerts.messages import (
    About,
    DriftedData,
    clip,
    end_notification,
    request_notification,
)
from driftwatch.alerts.notifications import Notification, fingerprint
from driftwatch.alerts.spec import RetrainingSpec
from driftwatch.alerts.trail import Trail
from driftwatch.drift.statistic import Kind
from driftwatch.events.spec import DAY_MS

ENDED_MAX: Final = 20
"""Ended episodes that are remembered per model, the last ones."""
REPLACED_MAX: Final = 16
"""Replaced versions that are remembered per model, the last ones."""


class UnknownEpisodeError(LookupError):
    """No current episode has this id."""


class Episodes(msgspec.Struct, frozen=True):
    """All episodes, by model; msgpack of this is the saved state."""

    current: dict[str, Episode] = {}
    ended: dict[str, tuple[Episode, ...]] = {}
    """The last first."""
    asked: dict[str, tuple[int, ...]] = {}
    """Event times of the requests of the last day on which there was one."""
    calm_since: dict[str, int] = {}
    """Event time at which the last episode with a request ended: the cool-down counts from here."""
    replaced: dict[str, tuple[str, ...]] = {}
    """Versions that drifted until a new version came: their alerts ask for nothing any more."""

    def of(self, model: str) -> tuple[Episode, ...]:
        """The episodes of a model: the current one, then the ended ones, the last first."""
        now = (self.current[model],) if model in self.current else ()
        return now + self.ended.get(model, ())


class Situation(NamedTuple):
    """What is known of a model when an evaluation step has changed its alerts."""

    model: str
    time_ms: int
    """Event time of the step."""
    alerts: Alerts
    versions: tuple[str, ...] = ()
    """Live versions of the model."""
    trail: Trail = Trail()
    window_sizes_ms: Mapping[str, int] = {}
    """Size by window name: how far back the data of a finding reaches."""


class EpisodeStep(NamedTuple):
    """The episodes after a step, and what is to be told of it."""

    episodes: Episodes
    transitions: tuple[EpisodeTransition, ...] = ()
    notifications: tuple[Notification, ...] = ()


def advance(episodes: Episodes, now: Situation, spec: RetrainingSpec, about: About) -> EpisodeStep:
    """Open, request or end the episode of one model after its alerts were advanced; at most one request."""
    alerts = _drifting(episodes, now)
    episode = episodes.current.get(now.model)
    if episode is None:
        if not alerts or not spec.enabled:
            return EpisodeStep(episodes)
        episode = _opened(alerts, now)
        opening = (_transition(episode, None, now.time_ms, "opened"),)
        return _before(opening, _consider(episodes, episode, alerts, now, spec, about))
    if not alerts:
        return _end(episodes, episode, _ending(episode, now.alerts), now.time_ms, about)
    return _consider(episodes, episode, alerts, now, spec, about)


def new_version(
    episodes: Episodes, model: str, version: str, alerts: Alerts, time_ms: int, about: About
) -> EpisodeStep:
    """A new version is established (E11): it ends the model's episode, and what drifted until now is replaced.

    A version that drifts itself ends nothing; a replaced one that is established again counts again.
    """
    drifting = sorted({alert.version for alert in alerts.firing(model)})
    kept = tuple(v for v in episodes.replaced.get(model, ()) if v != version)
    episode = episodes.current.get(model)
    if episode is None or version in drifting or version == episode.version:
        return EpisodeStep(msgspec.structs.replace(episodes, replaced=episodes.replaced | {model: kept}))
    gone = tuple(dict.fromkeys((*kept, episode.version, *drifting)))[-REPLACED_MAX:]
    episodes = msgspec.structs.replace(episodes, replaced=episodes.replaced | {model: gone})
    episode = msgspec.structs.replace(episode, new_version=version)
    return _end(episodes, episode, EpisodeCause.NEW_VERSION, time_ms, about)


def acknowledge(episodes: Episodes, id_: str, by: str, time_ms: int) -> EpisodeStep:
    """Somebody takes care of a requested retraining; saying it twice changes nothing.

    Raises UnknownEpisodeError for an id that is not current, IllegalTransitionError where nothing was requested.
    """
    episode = next((e for e in episodes.current.values() if e.id == id_), None)
    if episode is None:
        raise UnknownEpisodeError(f"no current retraining episode has the id {clip(id_)!r}")
    if episode.state is EpisodeState.ACKNOWLEDGED:
        return EpisodeStep(episodes)
    moved = _apply(episode, EpisodeCause.ACKNOWLEDGED, time_ms)
    moved = msgspec.structs.replace(moved, acknowledged_by=clip(by))
    return EpisodeStep(_with(episodes, moved), (_transition(moved, episode.state, moved.since_ms),))


def _drifting(episodes: Episodes, now: Situation) -> tuple[Alert, ...]:
    """Firing alerts that make an episode: what hurts first. Broken data alone is no drift (F29)."""
    replaced = episodes.replaced.get(now.model, ())
    found = [
        alert
        for alert in now.alerts.firing(now.model)
        if alert.version not in replaced and (alert.retrain or alert.kind != Kind.QUALITY)
    ]
    return tuple(sorted(found, key=lambda alert: (not alert.retrain, alert.since_ms, alert.fingerprint)))


def _opened(alerts: tuple[Alert, ...], now: Situation) -> Episode:
    return Episode(
        id="ep_" + fingerprint("episode", now.model, str(now.time_ms), alerts[0].fingerprint),
        model=now.model,
        version=alerts[0].version,
        state=EpisodeState.OPEN,
        opened_ms=now.time_ms,
        since_ms=now.time_ms,
        alerts=(),
    )


def _consider(
    episodes: Episodes,
    episode: Episode,
    alerts: tuple[Alert, ...],
    now: Situation,
    spec: RetrainingSpec,
    about: About,
) -> EpisodeStep:
    """Note the alerts that make up the episode, and request if it is time to."""
    names = dict.fromkeys((*episode.alerts, *(alert.fingerprint for alert in alerts)))
    episode = msgspec.structs.replace(episode, alerts=tuple(names))
    if episode.state is not EpisodeState.OPEN:
        return EpisodeStep(_with(episodes, episode))
    cause = _cause(episodes, episode, alerts, now, spec)
    if cause.value == episode.reason:
        return EpisodeStep(_with(episodes, episode))
    moved = _apply(episode, cause, now.time_ms)
    told = (_transition(moved, episode.state, now.time_ms),)
    if cause in (EpisodeCause.DRY_RUN, EpisodeCause.HURTS, EpisodeCause.INPUT_DRIFT):
        episodes, moved = _asked(episodes, moved, now.time_ms)
    if moved.state is not EpisodeState.REQUESTED:
        return EpisodeStep(_with(episodes, moved), told)
    where = _where(alerts, now)
    request = request_notification(moved, alerts, now.versions, where, about)
    return EpisodeStep(_with(episodes, moved), told, (request,))


def _cause(
    episodes: Episodes, episode: Episode, alerts: tuple[Alert, ...], now: Situation, spec: RetrainingSpec
) -> EpisodeCause:
    """Why an open episode requests now, or why it does not."""
    if not spec.enabled:
        return EpisodeCause.DISABLED
    time_ms = now.time_ms
    asking = tuple(alert for alert in alerts if alert.retrain or spec.on_input_drift)
    if not asking:
        return EpisodeCause.NO_LABELS
    sound = unexplained(asking, now.alerts.holding(now.model, Kind.QUALITY))
    if not sound:
        return EpisodeCause.BROKEN_DATA
    hurts = any(alert.retrain for alert in sound)
    if episode.requested_ms < 0:  # what a dry run has let through once is not held back later
        calm_since = episodes.calm_since.get(episode.model)
        if calm_since is not None and time_ms < calm_since + spec.cool_down:
            return EpisodeCause.COOL_DOWN
        if _asked_today(episodes, episode.model, time_ms) >= spec.max_per_day:
            return EpisodeCause.DAILY_MAXIMUM
    if spec.dry_run:
        return EpisodeCause.DRY_RUN
    return EpisodeCause.HURTS if hurts else EpisodeCause.INPUT_DRIFT


def _asked_today(episodes: Episodes, model: str, time_ms: int) -> int:
    return sum(asked // DAY_MS == time_ms // DAY_MS for asked in episodes.asked.get(model, ()))


def _asked(episodes: Episodes, episode: Episode, time_ms: int) -> tuple[Episodes, Episode]:
    """Count the request against the day, once per episode."""
    if episode.requested_ms >= 0:
        return episodes, episode
    same_day = (t for t in episodes.asked.get(episode.model, ()) if t // DAY_MS == time_ms // DAY_MS)
    asked = episodes.asked | {episode.model: (*same_day, time_ms)}
    episode = msgspec.structs.replace(episode, requested_ms=time_ms)
    return msgspec.structs.replace(episodes, asked=asked), episode


def _where(alerts: tuple[Alert, ...], now: Situation) -> DriftedData:
    """From the start of the first window that broke a rule to now."""
    starts = [
        finding.since_ms - now.window_sizes_ms.get(finding.window, 0)
        for alert in alerts
        for finding in alert.findings
    ]
    return now.trail.data(min(starts, default=now.time_ms), now.time_ms)


def _ending(episode: Episode, alerts: Alerts) -> EpisodeCause:
    """How the last of its alerts ended; recovery of any of them counts most."""
    watched = (alerts.watched.get(name) for name in episode.alerts)
    reasons = {w.alert.ended for w in watched if w is not None and w.alert.state is AlertState.RESOLVED}
    if reasons == {AlertCause.RECONFIGURED.value}:
        return EpisodeCause.RECONFIGURED
    if AlertCause.ACCEPTED.value in reasons:
        return EpisodeCause.ACCEPTED
    if reasons and AlertCause.RECOVERED.value not in reasons:
        return EpisodeCause.VERSION_ENDED
    return EpisodeCause.RECOVERED


def _end(
    episodes: Episodes, episode: Episode, cause: EpisodeCause, time_ms: int, about: About
) -> EpisodeStep:
    moved = _apply(episode, cause, time_ms)
    model = episode.model
    current = {name: kept for name, kept in episodes.current.items() if name != model}
    ended = episodes.ended | {model: (moved, *episodes.ended.get(model, ()))[:ENDED_MAX]}
    after = msgspec.structs.replace(episodes, current=current, ended=ended)
    if episode.requested_ms >= 0:
        calm_since = after.calm_since | {model: moved.since_ms}
        after = msgspec.structs.replace(after, calm_since=calm_since)
    told = (_transition(moved, episode.state, moved.since_ms),)
    if episode.state is EpisodeState.OPEN:  # what was never requested needs no end
        return EpisodeStep(after, told)
    return EpisodeStep(after, told, (end_notification(moved, about),))


def _apply(episode: Episode, cause: EpisodeCause, time_ms: int) -> Episode:
    state = EPISODE_LIFECYCLE.after(episode.state, cause)
    since_ms = episode.since_ms if state is episode.state else max(time_ms, episode.since_ms)
    return msgspec.structs.replace(episode, state=state, since_ms=since_ms, reason=cause.value)


def _transition(
    episode: Episode, old: EpisodeState | None, time_ms: int, reason: str = ""
) -> EpisodeTransition:
    return EpisodeTransition(episode.id, episode.model, old, episode.state, reason or episode.reason, time_ms)


def _with(episodes: Episodes, episode: Episode) -> Episodes:
    return msgspec.structs.replace(episodes, current=episodes.current | {episode.model: episode})


def _before(transitions: tuple[EpisodeTransition, ...], step: EpisodeStep) -> EpisodeStep:
    return step._replace(transitions=transitions + step.transitions)
