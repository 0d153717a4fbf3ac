"""What the daemon says through its API, turned into happenings: told once, when it changes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from driftwatch.demo.acts import Act, Happening
from driftwatch.demo.api import Api

DAEMON: Final = "driftwatch"
CALM: Final = "ok"
"""The verdict of a version with which all is well."""
_SHOWN: Final = 3
_KIND_OF_DRIFT: Final = "input"


class Watch:
    """Remembers what was said; `look` asks again."""

    def __init__(self, first_version: str) -> None:
        self._first_version = first_version
        self._alerts: dict[str, str] = {}
        self._episodes: dict[str, str] = {}
        self._versions: set[str] = set()
        self.verdicts: dict[str, str] = {}
        """By model version."""

    def look(self, api: Api) -> list[Happening]:
        """What is new; nothing while the daemon does not answer."""
        answers = [api.get(path) for path in ("models", "alerts", "episodes")]
        if any(answer is None for answer in answers):
            return []
        models, alerts, episodes = (answer or {} for answer in answers)
        return self.compare(models["models"], alerts["alerts"], episodes["episodes"])

    def compare(
        self, models: list[dict[str, Any]], alerts: list[dict[str, Any]], episodes: list[dict[str, Any]]
    ) -> list[Happening]:
        """What is new in these answers of the API."""
        return [
            *self._about_alerts(alerts),
            *self._about_versions(models),
            *self._about_episodes(episodes, alerts),
        ]

    def _about_alerts(self, alerts: list[dict[str, Any]]) -> Iterator[Happening]:
        for alert in alerts:
            name, state = alert["fingerprint"], alert["state"]
            if self._alerts.get(name) == state:
                continue
            self._alerts[name] = state
            if state == "firing":
                act = Act.DRIFT if alert["kind"] == _KIND_OF_DRIFT else None
                text = f'alert "{alert["rule"]}" fires for version {alert["version"]}'
                yield Happening(DAEMON, text, act, tuple(map(_finding, alert["findings"][:_SHOWN])))
            elif state == "resolved":
                yield Happening(DAEMON, f'alert "{alert["rule"]}" is resolved ({alert["ended"]})')

    def _about_versions(self, models: list[dict[str, Any]]) -> Iterator[Happening]:
        for version in (version for model in models for version in model["versions"]):
            name, verdict = version["version"], version["verdict"]
            if name not in self._versions:
                self._versions.add(name)
                new = name != self._first_version
                yield Happening(DAEMON, f"sees version {name}", Act.VERSION if new else None)
            if self.verdicts.get(name) != verdict:
                self.verdicts[name] = verdict
                yield Happening(DAEMON, f"version {name}: {verdict}")

    def _about_episodes(
        self, episodes: list[dict[str, Any]], alerts: list[dict[str, Any]]
    ) -> Iterator[Happening]:
        active = [alert for alert in alerts if alert["state"] in ("pending", "firing")]
        for episode in episodes:
            name, state = episode["id"], episode["state"]
            # An episode that ended is resolved only when its alerts are, too.
            if state == "ended" and active:
                state = "ending"
            if self._episodes.get(name) == state:
                continue
            self._episodes[name] = state
            reason = f" ({episode['reason']})" if episode["reason"] not in ("", state) else ""
            act = Act.RESOLVED if state == "ended" and episode["new_version"] else None
            if state != "ending":
                yield Happening(DAEMON, f"retraining episode {name}: {state}{reason}", act)


def _finding(finding: dict[str, Any]) -> str:
    """One slice and feature with its number: `country=PT income: psi 0.850, limit 0.25, 540 events`."""
    where = " ".join(filter(None, (finding["slice"], finding["feature"])))
    value, lower, upper = finding["value"], finding["lower"], finding["upper"]
    shown = "no number" if value is None else f"{value:.3f}"
    if None not in (lower, upper) and lower < upper:
        shown += f" ({lower:.3f} to {upper:.3f})"
    return f"{where}: {finding['statistic']} {shown}, limit {finding['limit']:g}, {finding['count']:,} events"
