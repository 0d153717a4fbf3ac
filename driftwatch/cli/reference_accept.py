"""`driftwatch reference accept`: tells a running daemon that what its alerts tell of is as it should be."""

from __future__ import annotations

import getpass
from typing import Annotated

import typer

from driftwatch.cli.options import DEFAULT_CONFIG, Config, Json
from driftwatch.cli.paper import Paper


def accept(
    model: Annotated[
        str | None,
        typer.Argument(help="The model; needed where there are several.", show_default=False),
    ] = None,
    config: Config = DEFAULT_CONFIG,
    version: Annotated[
        str | None, typer.Option("--version", help="Needed only where alerts of several versions fire.")
    ] = None,
    begin: Annotated[
        str | None,
        typer.Option(
            "--from",
            help="When the new state began, such as 2024-01-01T00:00:00Z; default: when the last of the changes that are "
            "told began.",
        ),
    ] = None,
    by: Annotated[
        str | None,
        typer.Option("--by", help="Who accepts it, for the decision log; default: the user's name."),
    ] = None,
    url: Annotated[
        str | None, typer.Option("--url", help="Where the daemon listens; default: this machine.")
    ] = None,
    json: Json = False,
) -> None:
    """Accept a lasting new state as the reference of a running daemon: its alerts end and are not told again.

    The new reference is the closed panes that the windows hold since the change, in the cells of the old one; only the
    streams that fire are replaced. For finer cells and a longer past build one (`reference build`) and reload.
    """
    from driftwatch.cli.ask import address_of, post, token_of
    from driftwatch.cli.reference_build import model_of
    from driftwatch.config.load import load

    configuration = load(config, outside=False).configuration
    name = model_of(configuration, [] if model is None else [model]).name
    asked = {"by": by or getpass.getuser(), "version": version, "from": begin}
    body = {key: value for key, value in asked.items() if value is not None}
    address = f"{address_of(url, configuration)}/api/v1/models/{name}/reference/accept"
    answer = post(address, body, token_of(configuration))
    paper = Paper(json)
    if json:
        paper.json(answer)
    elif answer["outcome"] == "accepted":
        paper.line(
            f"{name}, version {answer['version']}: accepted; the reference is {answer['reference']} now"
        )
    else:
        paper.line(f"{name}, version {answer['version']}: queued; it is decided at the next commit")
