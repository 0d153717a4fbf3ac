"""All commands put together, and what becomes of an error: one clear line on stderr and an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from driftwatch.cli import (
    backtest,
    check,
    demo,
    explain,
    recompute,
    reference,
    replay,
    report,
    retry,
    state,
    status,
    version,
)
from driftwatch.cli import run as daemon
from driftwatch.errors import ConfigurationError, DriftwatchError, ExitCode

app = typer.Typer(
    name="driftwatch",
    help="Watches machine-learning models in production: exact drift statistics from Kafka.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def root(
    said: Annotated[
        bool,
        typer.Option("--version", help="Print the version and end.", is_eager=True, callback=version.say),
    ] = False,
) -> None:
    """Watches machine-learning models in production: exact drift statistics from Kafka."""


app.command("run")(daemon.run)
app.command("check")(check.check)
app.command("explain")(explain.explain)
app.add_typer(reference.app, name="reference")
app.command("replay")(replay.replay)
app.command("backtest")(backtest.backtest)
app.command("recompute")(recompute.recompute)
app.command("demo")(demo.demo)
app.command("report")(report.report)
app.command("status")(status.status)
app.command("retry")(retry.retry)
app.add_typer(state.app, name="state")
app.command("version")(version.version)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command line (default: the process's own) and return the exit code."""
    try:
        app(list(arguments) if arguments is not None else None, prog_name="driftwatch")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else ExitCode.OK if end.code is None else ExitCode.FAILED
    except DriftwatchError as error:
        tell(error)
        return error.exit_code
    except BrokenPipeError:
        # Whoever read us has gone: nothing more is to be said, also not at interpreter exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.FAILED
    return ExitCode.OK


def tell(error: DriftwatchError) -> None:
    """Say on stderr what went wrong: a configuration's mistakes one by one, anything else in one line."""
    if isinstance(error, ConfigurationError) and error.problems:
        from driftwatch.config.render import report

        sys.stderr.write(report(error.problems) + "\n")
    else:
        sys.stderr.write(f"driftwatch: error: {' '.join(str(error).split())}\n")
