import pytest

from driftwatch.cli.paper import Paper
from driftwatch.cli.show_plan import show
from driftwatch.config.plan import plan
from driftwatch.config.spec import Configuration
from tests.config.files import good


def shown(capsys: pytest.CaptureFixture[str], **model: object) -> str:
    data = good()
    data["models"][0].update(model)
    show(plan(Configuration.model_validate(data), {}), Paper())
    return capsys.readouterr().out


def test_it_says_what_is_learned_and_what_is_guessed(capsys: pytest.CaptureFixture[str]) -> None:
    text = shown(capsys)
    assert "versions *: learn 7d, still to be learned: at most" in text
    assert "guess" not in text
    predictions = {**good()["models"][0]["predictions"], "features": "features"}
    assert "(the number of features is a guess)" in shown(capsys, predictions=predictions)


def test_it_says_what_late_labels_cost(capsys: pytest.CaptureFixture[str]) -> None:
    assert "1m (as predictions: labels have no `time`)" in shown(capsys)
    labels = {"topic": "l", "id": "id", "label": "y", "time": "ts"}
    assert "1d (default, because labels have a `time`)" in shown(capsys, labels=labels)


def test_series_beyond_the_limit_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    many = [{"size": f"{i + 2}h", "slide": "5m"} for i in range(12)]
    assert "are left out)" in shown(capsys, windows=many)
    assert "left out" not in shown(capsys, slices=[])
