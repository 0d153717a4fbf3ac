"""`driftwatch reference build|show|diff|accept`: the accepted past of a model as one file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from driftwatch.cli.options import Json
from driftwatch.cli.paper import Paper
from driftwatch.cli.reference_accept import accept
from driftwatch.cli.reference_build import build

if TYPE_CHECKING:
    from driftwatch.references.reference import Reference

app = typer.Typer(
    help="The accepted past of a model: build it, show it, compare two, accept a new state.",
    no_args_is_help=True,
)
app.command("build")(build)
app.command("accept")(accept)
File = Annotated[Path, typer.Argument(help="A reference file.", show_default=False)]


@app.command("show")
def show(
    file: File,
    slices: Annotated[int, typer.Option("--slices", min=0, help="How many slices to list.")] = 30,
    json: Json = False,
) -> None:
    """What is in a reference: sizes, fields with their cells and shares, slices kept, from what and when."""
    from driftwatch.references.show import show as rows

    shown, paper = rows(load_reference(file)), Paper(json)
    if json:
        paper.json(shown)
        return
    from driftwatch.cli.show_reference import show_reference

    show_reference(shown, slices, paper)


@app.command("diff")
def diff(
    old: Annotated[Path, typer.Argument(help="The older reference file.", show_default=False)],
    new: Annotated[Path, typer.Argument(help="The newer reference file.", show_default=False)],
    json: Json = False,
) -> None:
    """What changed between two references; exit 0 if they are equal, 1 if not."""
    from driftwatch.references.diff import diff as difference

    found, paper = difference(load_reference(old), load_reference(new)), Paper(json)
    if json:
        paper.json(found)
    else:
        from driftwatch.cli.show_reference import show_difference

        show_difference(found, paper)
    raise typer.Exit(0 if found.equal else 1)


def load_reference(file: Path) -> Reference:
    """The reference in a file; raises ReferenceFileError that says what to do."""
    from driftwatch.errors import ReferenceFileError
    from driftwatch.references.codec import decode

    try:
        data = file.read_bytes()
    except OSError as error:
        raise ReferenceFileError(f"{file} cannot be read: {error.strerror or error}") from None
    return decode(data, str(file))
