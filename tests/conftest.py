"""What every test shares: the real broker, the order of tests, and the switch that forbids skips."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator

import pytest
from hypothesis import settings

from tests.integration.broker import Broker

NO_SKIP = os.environ.get("DRIFTWATCH_NO_SKIP", "") not in ("", "0")

# Time limits belong to benchmarks. Where skips are forbidden, a run must also be repeatable.
settings.register_profile("driftwatch", deadline=None, print_blob=True, derandomize=NO_SKIP)
settings.load_profile("driftwatch")


@pytest.fixture(scope="session")
def kafka() -> Iterator[Broker]:
    """A running broker, one for the whole run. Each test makes topics of its own."""
    if (reason := Broker.missing()) is not None:
        pytest.skip(reason)
    with Broker() as broker:
        yield broker


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Fast tests first, then slow ones, then those with the broker."""
    for item in items:
        if "kafka" in getattr(item, "fixturenames", ()):
            item.add_marker("broker")
    items.sort(key=_turn)


def _turn(item: pytest.Item) -> int:
    if item.get_closest_marker("broker"):
        return 2
    return 1 if item.get_closest_marker("slow") else 0


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """With DRIFTWATCH_NO_SKIP a test that skips has failed; an expected failure stays one."""
    report = yield
    if NO_SKIP and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skips are forbidden here (DRIFTWATCH_NO_SKIP): {_reason(report)}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """The same for a whole module that skips itself."""
    report = yield
    if NO_SKIP and report.skipped:
        report.outcome = "failed"
        report.longrepr = f"skips are forbidden here (DRIFTWATCH_NO_SKIP): {_reason(report)}"
    return report


def _reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    return report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
