"""`driftwatch check`: every mistake of a configuration, or the plan of what it amounts to."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from driftwatch.cli.options import DEFAULT_CONFIG, Config, Json
from driftwatch.cli.paper import Paper

if TYPE_CHECKING:
    from driftwatch.config.load import Loaded
    from driftwatch.errors import ConfigurationError


def check(
    config: Config = DEFAULT_CONFIG,
    schema: Annotated[
        bool, typer.Option("--schema", help="Print the JSON Schema for editors and end.")
    ] = False,
    offline: Annotated[
        bool, typer.Option("--offline", help="Do not look for secrets and reference files.")
    ] = False,
    partitions: Annotated[
        int | None,
        typer.Option(
            "--partitions", min=1, help="Partitions that one process reads in all (for the memory bound)."
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Check a configuration and print its plan; all mistakes at once, with exit code 3."""
    if schema:
        from driftwatch.config.schema import schema as make

        Paper().json(make())
        return
    _check(config, offline=offline, partitions=partitions, paper=Paper(json))


def _check(config: Path, *, offline: bool, partitions: int | None, paper: Paper) -> None:
    from driftwatch.config.load import load
    from driftwatch.config.plan import plan
    from driftwatch.errors import ConfigurationError

    try:
        loaded = load(config, outside=not offline)
    except ConfigurationError as error:
        if paper.as_json:
            _tell_json(error, paper)
            raise typer.Exit(error.exit_code) from None
        raise
    made = plan(loaded.configuration, loaded.references, partitions)
    if paper.as_json:
        paper.json({"configuration": str(config), "hash": loaded.hash, "plan": made})
        return
    from driftwatch.cli.show_plan import show

    paper.line(f"{config}: ok, configuration {loaded.hash[:16]}")
    show(made, paper)
    if not offline:
        _goals(loaded, paper)
    sys.stdout.flush()


def _goals(loaded: Loaded, paper: Paper) -> None:
    """What must be detected, and whether it can be: `driftwatch explain` says more."""
    from driftwatch.app import model_plans
    from driftwatch.cli.show_prospects import goals
    from driftwatch.monitor.prospects import prospects
    from driftwatch.telemetry.views import prospects_answer

    for plan in model_plans(loaded):
        for found in prospects(plan) if plan.spec.evidence.must_detect else ():
            paper.heading(f"model {found.model}, versions {found.pattern}: what evidence must detect")
            goals(prospects_answer(found).goals, paper)


def _tell_json(error: ConfigurationError, paper: Paper) -> None:
    """Without the lines themselves: editors have them, and logs need not."""
    paper.json(
        {
            "errors": [
                {"file": p.file, "line": p.line, "column": p.column, "message": p.message, "write": p.write}
                for p in error.problems
            ]
        }
    )
