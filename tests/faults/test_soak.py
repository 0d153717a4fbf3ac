"""The soak in the form for every day (about 40 s): nothing grows while it works at half of what it can."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.soak import QUEUED, Soak, report
from tests.integration.broker import Broker

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("seconds", "backlog"), [(25, 100_000), pytest.param(180, 500_000, marks=pytest.mark.full)]
)
def test_everything_stays_flat(kafka: Broker, tmp_path: Path, seconds: int, backlog: int) -> None:
    soaked = Soak(kafka, tmp_path).run(seconds, backlog)
    print(report(soaked))
    flat = soaked.before_and_after()
    rss, rss_after = flat["rss_mib"]
    assert rss_after < 1.15 * rss + 10, "memory"
    panes, panes_after = flat["open_panes"]
    assert panes_after <= 1.5 * panes + 10, "open panes"
    assert flat["lag"][1] < 30 * soaked.rate_per_s, "it keeps up"
    assert max(sample.log_mib for sample in soaked.samples) < 70, "the log begins anew"
    assert soaked.samples[-1].pending >= QUEUED, "the dead endpoint's rows wait, and what was decided since"
