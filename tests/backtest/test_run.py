"""History as it was and with changes: what would have been told, and how fast."""

from __future__ import annotations

import pytest

from driftwatch.backtest.injection import Injection
from driftwatch.backtest.run import Backtest, Outcome, Told
from driftwatch.config.load import load
from driftwatch.errors import ConfigurationError
from driftwatch.references.codec import encode
from tests.cli.test_explain import CONFIG
from tests.evidence import models

HOUR_MS = 3_600_000
START_MS = models.START_MS + 100 * HOUR_MS


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Backtest:
    """Eight hours of calm history, a hundred events per pane."""
    folder = tmp_path_factory.mktemp("backtest")
    (folder / "credit.ref").write_bytes(encode(models.reference()))
    (folder / "c.yaml").write_text(CONFIG)
    (folder / "history.ndjson").write_bytes(b"\n".join(models.records(9_600, START_MS, 5)) + b"\n")
    return Backtest(load(folder / "c.yaml"), {"predictions": str(folder / "history.ndjson")})


def test_changes_are_found_after_their_moment_and_calm_history_is_calm(run: Backtest) -> None:
    calm, shift, slice_ = run.run(
        [Injection.parse("income shift 1"), Injection.parse("income shift 2 in country=PT")]
    )
    assert (calm.name, calm.alerts, calm.first) == ("as it was", (), None)
    assert calm.at_ms in range(START_MS + 3 * HOUR_MS, START_MS + 5 * HOUR_MS)
    for outcome in (shift, slice_):
        assert outcome.before == 0
        assert outcome.first is not None
        assert outcome.delay_ms is not None
        assert 0 < outcome.delay_ms <= HOUR_MS
        assert outcome.first.field == "income"
    assert shift.first.slice == "all"
    assert slice_.first.slice == "country=PT"


def test_an_impossible_change_or_model_is_refused_before_anything_runs(run: Backtest) -> None:
    with pytest.raises(ConfigurationError, match="nothing like it"):
        next(run.run([Injection.parse("height shift 1")]))
    with pytest.raises(ConfigurationError, match="has credit"):
        next(run.run([], "debit"))


def test_alerts_before_the_change_are_counted_apart() -> None:
    told = [Told(t, "ticket", "r", "f", "all", "") for t in (10, 50, 90)]
    outcome = Outcome("x", 0, 100, 50, tuple(told))
    assert (outcome.before, outcome.first, outcome.delay_ms) == (2, told[2], 40)
