import pytest

from driftwatch.cli.paper import Paper
from driftwatch.cli.show_reference import moment, share, show_difference, show_reference
from driftwatch.config.spec import Configuration
from driftwatch.references.diff import diff
from driftwatch.references.show import show
from tests.config.files import good
from tests.config.references import reference_of


def lines(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]


def test_a_reference(capsys: pytest.CaptureFixture[str]) -> None:
    show_reference(show(reference_of()), 2, Paper())
    shown = lines(capsys)
    assert "400 predictions, 2023-11-14T22:13:20Z to 2023-11-14T22:19:59Z" in shown
    assert any(line.startswith("country categorical 4") and "PT 33.5 %" in line for line in shown)
    assert any(line.startswith("age numeric") and "18 to 77" in line for line in shown)
    assert "slices (2 of 6)" in shown
    assert "all 400 100.0 % 400" in shown


def test_a_difference(capsys: pytest.CaptureFixture[str]) -> None:
    data = good()
    model = data["models"][0]
    model["predictions"]["features"] = ["age", "country"]
    model["slices"] = []
    fewer = reference_of(Configuration.model_validate(data).models[0], events=200)
    show_difference(diff(reference_of(), fewer), Paper())
    shown = lines(capsys)
    assert shown[0].startswith("the references differ; another layout")
    assert "predictions 400 200" in shown
    assert "fields removed: predictions.income" in shown
    assert any(line.startswith("slices removed: country=PT") for line in shown)


def test_shares_and_moments() -> None:
    assert [share(x) for x in (0, 0.0001, 0.04, 1)] == ["0 %", "<0.1 %", "4.0 %", "100.0 %"]
    assert moment(1_704_067_200_999) == "2024-01-01T00:00:00Z"
