"""`driftwatch run`: the daemon, from its configuration to its end by a signal."""

from __future__ import annotations

import os
import queue
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Final

import typer

from driftwatch.cli.options import DEFAULT_CONFIG, Config
from driftwatch.errors import DamagedStateError, DriftwatchError, ExitCode, OffsetsGoneError

if TYPE_CHECKING:
    from driftwatch.config.load import Loaded
    from driftwatch.config.spec import Configuration

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

    def hide_secrets(loaded: Loaded) -> None:
        """A reload may bring new ones."""
        telemetry = loaded.configuration.telemetry
        secrets = Redaction(secrets_of(loaded.configuration))
        set_up(telemetry.log_format, telemetry.log_level, sys.stdout, secrets)

    loaded = load(config)
    hide_secrets(loaded)
    made = plan(loaded.configuration, loaded.references)
    structlog.get_logger("driftwatch").info(
        "configuration",
        path=str(config),
        config_hash=loaded.hash[:12],
        models=[model.model for model in made.models],
        memory_bound_bytes=made.memory_bytes,
        series=made.series,
    )
    try:
        _serve(loaded, stopped_by_signals(), hide_secrets)
    except DriftwatchError:
        raise
    except Exception:
        # Through the log, so that it is one line without secrets: a plain traceback is neither (F34, P10).
        structlog.get_logger("driftwatch").critical("crashed", exc_info=True)
        raise typer.Exit(ExitCode.FAILED) from None


def _serve(loaded: Loaded, stop: threading.Event, reloaded: Callable[[Loaded], None]) -> None:
    """Run until `stop`; once, where the configuration says so, state that cannot be used is set aside and rebuilt."""
    from driftwatch.app import App

    def serve() -> None:
        app = App(loaded, reloaded=reloaded)
        reloaded_by_signal(app.reload)
        app.run(stop)

    try:
        serve()
    except (DamagedStateError, OffsetsGoneError) as error:
        if not _set_aside(loaded.configuration, error):
            raise
        serve()


def _set_aside(configuration: Configuration, error: DamagedStateError | OffsetsGoneError) -> bool:
    """Whether the state was set aside for this error (F18, F30); StateError once that was done too often."""
    import structlog

    from driftwatch.storage.repair import rebuild_again

    gone = isinstance(error, OffsetsGoneError)
    if (configuration.kafka.on_reset if gone else configuration.state.on_damage) != "rebuild":
        return False
    moved = rebuild_again(Path(configuration.state.directory), whole=gone)
    if moved:
        structlog.get_logger("driftwatch").error(
            "state_set_aside", files=[str(path) for path in moved], reason=str(error)
        )
    return bool(moved)


def reloaded_by_signal(reload: Callable[[], object]) -> None:
    """SIGHUP asks for the configuration to be read again (F32); too many at once are one."""

    def handle(number: int, frame: FrameType | None) -> None:
        with suppress(queue.Full):
            reload()

    signal.signal(signal.SIGHUP, handle)


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
