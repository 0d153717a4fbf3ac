"""Prometheus's own checker, where it is installed."""

from __future__ import annotations

import shutil

import pytest


def promtool() -> str:
    """The binary; skips visibly where it is missing."""
    found = shutil.which("promtool")
    if found is None:
        pytest.skip("promtool is missing (Debian: apt-get install prometheus)")
    return found
