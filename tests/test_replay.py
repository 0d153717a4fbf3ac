"""The car loan from history: the sixth window jumps, nothing before it, KS inside its bounds of the exact values."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from driftwatch.alerts.notifications import Notification
from driftwatch.cli.program import run
from driftwatch.config.load import load
from driftwatch.drift.reading import Reading
from driftwatch.errors import ConfigurationError, SourceError
from driftwatch.events.classes import RecordClass, Stream
from driftwatch.events.iso import parse_iso_ms
from driftwatch.replay import Replay

ROOT = Path(__file__).parent.parent
DATA = ROOT.parent / "shared" / "data"
EXACT_KS = {  # scipy's exact D per chunk of 5 000 rows (STATISTICS §6)
    "car_value": [0.0131, 0.01124, 0.01674, 0.01436, 0.01116, 0.43548, 0.43032, 0.43784, 0.43606, 0.4385],
    "score": [0.0253, 0.0123, 0.01642, 0.01058, 0.01408, 0.1307, 0.1273, 0.1311, 0.1197, 0.13752],
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not DATA.exists():
        pytest.skip("the car-loan data is not beside the repository")
    folder = tmp_path_factory.mktemp("car-loan")
    shutil.copy(ROOT / "deploy" / "examples" / "car-loan.yaml", folder)
    reference = str(DATA / "car_loan_reference.csv.gz")
    assert run(["reference", "build", "-c", str(folder / "car-loan.yaml"), reference]) == 0
    return folder


@pytest.fixture(scope="module")
def replayed(folder: Path) -> tuple[Replay, dict[Stream, list[Reading]], list[tuple[str, int]]]:
    given = {
        "predictions": str(DATA / "car_loan_analysis.csv.gz"),
        "labels": str(DATA / "car_loan_labels.csv.gz"),
    }
    run_ = Replay(load(folder / "car-loan.yaml"), given)
    readings: dict[Stream, list[Reading]] = {Stream.PREDICTIONS: [], Stream.LABELS: []}
    told: list[tuple[str, int]] = []
    for step in run_.steps():
        for reading, _ in step.readings:
            readings[reading.stream].append(reading)
        told += [(n.type.value, n.time_ms) for n in step.notifications]
    return run_, readings, told


def test_ten_windows_of_5_000_and_every_record_accepted(replayed: tuple) -> None:
    run_, readings, _ = replayed
    for stream in (Stream.PREDICTIONS, Stream.LABELS):
        assert [int(r.events[0]) for r in readings[stream]] == [5_000] * 10
    counts = {(s, why): n for (s, _, why), n in run_.snapshot.models["car-loan"].classes.items()}
    assert counts == {
        (Stream.PREDICTIONS, RecordClass.ACCEPTED): 50_000,
        (Stream.LABELS, RecordClass.ACCEPTED): 50_000,
    }


@pytest.mark.parametrize("field", EXACT_KS)
def test_ks_lies_inside_its_bounds_of_the_exact_values(replayed: tuple, field: str) -> None:
    _, readings, _ = replayed
    for reading, exact in zip(readings[Stream.PREDICTIONS], EXACT_KS[field], strict=True):
        ks = reading.estimates["ks_statistic"]
        place = ks.fields.index(field)
        assert ks.lower[0, place] - 1e-9 <= exact <= ks.upper[0, place] + 1e-9


@pytest.mark.parametrize(("field", "limit"), [("car_value", 1.0), ("score", 0.2)])
def test_psi_and_ks_jump_at_the_sixth_window(replayed: tuple, field: str, limit: float) -> None:
    _, readings, _ = replayed
    psi = [
        r.estimates["psi"].value[0, r.estimates["psi"].fields.index(field)]
        for r in readings[Stream.PREDICTIONS]
    ]
    assert max(psi[:5]) < 0.01
    assert min(psi[5:]) > limit


def test_the_lower_limit_of_accuracy_decay_is_above_zero_from_the_sixth_window_on(replayed: tuple) -> None:
    _, readings, _ = replayed
    decay = [r.estimates["accuracy_decay"].lower[0, 0] for r in readings[Stream.LABELS]]
    assert max(decay[:5]) < 0
    assert min(decay[5:]) > 0.01
    accuracy = [r.estimates["accuracy"].value[0, 0] for r in readings[Stream.LABELS]]
    assert (round(accuracy[0], 4), round(accuracy[5], 4)) == (0.9422, 0.9146)


def test_nothing_is_told_before_the_sixth_window_ends(replayed: tuple) -> None:
    _, readings, told = replayed
    sixth = readings[Stream.PREDICTIONS][5].end_ms
    assert {time for _, time in told} == {sixth}
    assert [kind for kind, _ in told].count("retrain.requested") == 1


def test_a_topic_that_no_model_reads_is_an_error_that_names_those_there_are(folder: Path) -> None:
    run_ = Replay(load(folder / "car-loan.yaml"), {"prediction": "x.csv"})
    with pytest.raises(ConfigurationError, match="labels, predictions"):
        next(run_.steps())


def test_a_missing_file_is_an_error(folder: Path) -> None:
    with pytest.raises(SourceError, match="no such file"):
        next(Replay(load(folder / "car-loan.yaml"), {"predictions": "x.csv"}).steps())


@pytest.fixture(scope="module")
def told_by_evidence(folder: Path) -> list[Notification]:
    """The same data with a budget instead of rules, in panes of one day."""
    written = (folder / "car-loan.yaml").read_text().partition("    windows:")[0]
    config = folder / "evidence.yaml"
    config.write_text(
        written + "    windows: [{size: 7d, slide: 1d}]\n    retraining: {enabled: false}\n"
        "alerting: {budget: 1 per year}\n"
    )
    reference = str(DATA / "car_loan_reference.csv.gz")
    assert run(["reference", "build", "-c", str(config), reference]) == 0
    given = {
        "predictions": str(DATA / "car_loan_analysis.csv.gz"),
        "labels": str(DATA / "car_loan_labels.csv.gz"),
    }
    return [n for step in Replay(load(config), given).steps() for n in step.notifications]


def test_evidence_is_silent_in_the_clean_chunks_and_names_what_changed_in_the_sixth(
    told_by_evidence: list[Notification],
) -> None:
    """25 000 rows without an alert; then a ticket that names car_value first, and a page with the accuracy."""
    changed_ms = parse_iso_ms("2019-03-31T03:00:00Z")  # 5 chunks of 30 days, 6 hours and 36 minutes
    month_ms = 30 * 86_400_000
    assert told_by_evidence
    assert all(changed_ms < n.time_ms for n in told_by_evidence)
    inputs, page = (
        next(n for n in told_by_evidence if n.severity == severity and n.data["alert"]["kind"] == kind)
        for severity, kind in (("ticket", "input"), ("page", "performance"))
    )
    assert max(inputs.time_ms, page.time_ms) <= changed_ms + month_ms
    first = inputs.data["findings"][0]
    assert (first["slice"], first["field"]) == ("all", "car_value")
    assert parse_iso_ms(first["since"]) in range(changed_ms - 86_400_000, changed_ms + 86_400_000)
    assert "accuracy 9" in page.data["findings"][0]["cells"][0]
    assert page.data["findings"][0]["field"] == "error"
