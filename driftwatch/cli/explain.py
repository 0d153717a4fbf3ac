"""`driftwatch explain`: what evidence will find and how soon, and what it says of a running model right now."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from driftwatch.cli.options import DEFAULT_CONFIG, Config, Json
from driftwatch.cli.paper import Paper

if TYPE_CHECKING:
    from driftwatch.telemetry.answers import ProspectsAnswer


def explain(
    alert: Annotated[
        str | None,
        typer.Argument(
            help="An alert of a running daemon: its fingerprint (or how it begins) or its rule, such as `evidence inputs`.",
            show_default=False,
        ),
    ] = None,
    config: Config = DEFAULT_CONFIG,
    model: Annotated[str | None, typer.Option("--model", help="Only this model.")] = None,
    slices: Annotated[
        list[str] | None, typer.Option("--slice", help="Slices to show, such as `country=PT`; `*` for all.")
    ] = None,
    change: Annotated[
        float,
        typer.Option("--change", min=0.01, max=100, help="Tell the delay to find a change of so many %."),
    ] = 5.0,
    url: Annotated[
        str | None,
        typer.Option(
            "--url",
            help="Ask the daemon that listens here, at its own traffic. With ALERT the default is this machine.",
            show_default=False,
        ),
    ] = None,
    state: Annotated[
        Path | None, typer.Option("--state", help="With ALERT: ask this state directory, or a backup of one.")
    ] = None,
    json: Json = False,
) -> None:
    """Without ALERT: what is found within a day and a week, at the reference's traffic or (--url) a daemon's. With it: why it fires."""
    if alert is not None:
        _explain_alert(alert, config, url, state, Paper(json))
        return
    from driftwatch.errors import DriftwatchError

    paper, wanted = Paper(json), tuple(slices or ["all"])
    if url is not None:
        if slices:
            raise DriftwatchError("a daemon tells of all traffic only: leave out --slice, or --url")
        _show(_of_daemon(url, model), paper)
        return
    from driftwatch.app import model_plans
    from driftwatch.config.load import load
    from driftwatch.errors import ConfigurationError
    from driftwatch.monitor.prospects import prospects
    from driftwatch.telemetry.views import prospects_answer

    plans = model_plans(load(config))
    chosen = [plan for plan in plans if model in (None, plan.name)]
    if not chosen:
        names = ", ".join(plan.name for plan in plans)
        raise ConfigurationError(f"there is no model {model!r} in {config}; it has {names}")
    shown = () if "*" in wanted else wanted
    found = [prospects_answer(each) for plan in chosen for each in prospects(plan, change / 100, shown)]
    _show(found, paper)
    for plan in chosen:
        if not json and all(choice.reference is None for choice in plan.choices):
            paper.line(f"model {plan.name}: its reference is still to be learned, so nothing can be told yet")


def _show(found: list[ProspectsAnswer], paper: Paper) -> None:
    from driftwatch.cli.show_prospects import show

    if paper.as_json:
        paper.json(found)
        return
    for each in found:
        show(each, paper)


def _of_daemon(url: str, model: str | None) -> list[ProspectsAnswer]:
    """What a running daemon says of its live versions; DriftwatchError where none answers, or it has no such model."""
    import msgspec

    from driftwatch.cli.status import fetch
    from driftwatch.errors import DriftwatchError
    from driftwatch.telemetry.answers import ProspectsAnswers

    answer = msgspec.convert(fetch(f"{url.rstrip('/')}/api/v1/prospects"), ProspectsAnswers)
    found = [each for each in answer.prospects if model in (None, each.model)]
    if not found:
        raise DriftwatchError("no version whose evidence alerts has closed a pane yet")
    return found


def _explain_alert(alert: str, config: Path, url: str | None, state: Path | None, paper: Paper) -> None:
    from driftwatch.cli.explain_alert import alerts_of, chosen, show
    from driftwatch.config.load import load

    found = chosen(alerts_of(load(config, outside=False).configuration, url, state), alert)
    if paper.as_json:
        paper.json(found)
        return
    for each in found:
        show(each, paper)
