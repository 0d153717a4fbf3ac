"""The daemon in the demonstration is refused what `driftwatch run` would refuse, before it writes anything."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from driftwatch.demo.daemon import LOG, run_daemon
from driftwatch.errors import ConfigurationError


def test_a_configuration_with_mistakes_is_refused(tmp_path: Path) -> None:
    configuration = tmp_path / "driftwatch.yaml"
    configuration.write_text("kafka: {bootstrap_servers: []}\n")
    with pytest.raises(ConfigurationError, match="bootstrap_servers"):
        run_daemon(configuration, (), threading.Event())
    assert not (tmp_path / LOG).exists()
