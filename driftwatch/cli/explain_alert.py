"""`driftwatch explain ALERT`: why an alert of a running daemon, or of its state directory, fires."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from driftwatch.cli.paper import Paper

if TYPE_CHECKING:
    from driftwatch.config.spec import Configuration


def alerts_of(configuration: Configuration, url: str | None, state: Path | None) -> list[dict[str, Any]]:
    """All alerts, as the API answers them; DriftwatchError or StateError where nobody can tell."""
    if state is None:
        from driftwatch.cli.ask import address_of
        from driftwatch.cli.status import fetch

        return list(fetch(f"{address_of(url, configuration)}/api/v1/alerts")["alerts"])
    import tempfile

    import msgspec

    from driftwatch.monitor.decisions import DecisionState
    from driftwatch.storage.backup import backup
    from driftwatch.storage.sqlite import open_checkpoint
    from driftwatch.telemetry.views import alert_answer

    with tempfile.TemporaryDirectory(prefix="driftwatch-explain-") as folder:
        backup(state, Path(folder))
        checkpoint = open_checkpoint(Path(folder))
        try:
            states = checkpoint.load().states
        finally:
            checkpoint.close()
    stored = [data for name, data in sorted(states.items()) if name.endswith("/decisions")]
    decided = [msgspec.msgpack.decode(data, type=DecisionState) for data in stored]
    found = [alert_answer(w.alert) for each in decided for w in each.alerts.watched.values()]
    return [msgspec.to_builtins(answer) for answer in found]


def chosen(alerts: list[dict[str, Any]], wanted: str) -> list[dict[str, Any]]:
    """Those whose fingerprint begins so, or whose rule is called so; DriftwatchError that lists what there is."""
    from driftwatch.errors import DriftwatchError

    found = [a for a in alerts if a["fingerprint"].startswith(wanted) or a["rule"] == wanted]
    if not found:
        known = "; ".join(f"{a['fingerprint']} ({a['rule']}, {a['state']})" for a in alerts) or "none at all"
        raise DriftwatchError(f"there is no alert {wanted!r}; there are: {known}")
    return found


def show(alert: dict[str, Any], paper: Paper) -> None:
    """What changed, where, since when, how sure that is, and what was looked at beside it."""
    paper.heading(f"{alert['severity']}: {alert['rule']} in {alert['model']}, version {alert['version']}")
    ended = f", {alert['ended']}" if alert["ended"] else ""
    paper.line(f"  {alert['state']}{ended} since {alert['since']}; first seen {alert['started']}")
    for number, finding in enumerate(alert["findings"][:20]):
        names = [finding["slice"], finding["feature"]]
        paper.line(f"  {number + 1}. {' · '.join(name for name in names if name)}, since {finding['since']}")
        for line in (*finding["cells"], *finding["evidence"]):
            paper.line(f"     {line}")
        if not finding["evidence"]:
            paper.line(f"     {_numbers(finding)}")
    left = len(alert["findings"]) - 20
    if left > 0:
        paper.line(f"  and {left} more; --json lists them")


def _numbers(finding: dict[str, Any]) -> str:
    value, low, high = (finding[key] for key in ("value", "lower", "upper"))
    shown = "unknown" if value is None else f"{value:.4g}"
    between = "" if low is None or high is None or low == high else f" ({low:.4g} to {high:.4g})"
    name = "now" if finding["statistic"] == "evidence" else finding["statistic"]
    return f"{name} {shown}{between}, limit {finding['limit']:.4g}, over {finding['count']} events"
