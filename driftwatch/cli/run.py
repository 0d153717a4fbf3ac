"""`driftwatch run`: the daemon, from its configuration to its end by a signal."""

from __future__ import annotations

import os
import signal
import sys
import threading
from types import FrameType
from typing import Final

import typer

from driftwatch.cli.options import DEFAULT_CONFIG, Config
from driftwatch.errors import DriftwatchError, ExitCode

GRACE_S: Final = 25.0
"""A stop that takes longer ends at once with exit code 1; what was committed is safe (F27)."""


def run(config: Config = DEFAULT_CONFIG) -> None:
    """Watch the configured models until SIGTERM or SIGINT."""
    import structlog

    from driftwatch.config.load import load
    from driftwatch.config.plan import plan
    from driftwatch.config.reveal import secrets_of
    from driftwatch.telemetry.logs import set_up
    from driftwatch.telemetry.redaction import Redaction

    loaded = load(config)
    telemetry = loaded.configuration.telemetry
    set_up(telemetry.log_format, telemetry.log_level, sys.stdout, Redaction(secrets_of(loaded.configuration)))
    made = plan(loaded.configuration, loaded.references)
    structlog.get_logger("driftwatch").info(
        "configuration",
        path=str(config),
        config_hash=loaded.hash[:12],
        models=[model.model for model in made.models],
        memory_bound_bytes=made.memory_bytes,
        series=made.series,
    )
    from driftwatch.app import App

    try:
        App(loaded).run(stopped_by_signals())
    except DriftwatchError:
        raise
    except Exception:
        # Through the log, so that it is one line without secrets: a plain traceback is neither (F34, P10).
        structlog.get_logger("driftwatch").critical("crashed", exc_info=True)
        raise typer.Exit(ExitCode.FAILED) from None


def stopped_by_signals(grace_s: float = GRACE_S) -> threading.Event:
    """An event that SIGTERM and SIGINT set; a second one, or `grace_s` seconds, end the process with exit code 1."""
    stop = threading.Event()

    def end() -> None:
        os._exit(1)

    def handle(number: int, frame: FrameType | None) -> None:
        if stop.is_set():
            end()
        stop.set()
        watchdog = threading.Timer(grace_s, end)
        watchdog.daemon = True
        watchdog.start()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, handle)
    return stop
