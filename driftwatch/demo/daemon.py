"""The daemon inside the demonstration: the real one, from a real configuration file, with its log in a file."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Final

from driftwatch.app import App
from driftwatch.config.load import load
from driftwatch.telemetry.logs import set_up
from driftwatch.telemetry.redaction import Redaction

LOG: Final = "daemon.log"
"""In the folder of the configuration."""


def run_daemon(configuration: Path, secrets: tuple[str, ...], stop: threading.Event) -> None:
    """Build and run it in this thread until told to stop; raises what `driftwatch run` would end with."""
    loaded = load(configuration)
    with (configuration.parent / LOG).open("w", encoding="utf-8") as log:
        set_up("json", "info", log, Redaction(secrets))
        App(loaded).run(stop)
