import pytest

from driftwatch.cli.program import run


@pytest.mark.parametrize(
    ("arguments", "asked"),
    [([], (False, None)), (["--keep"], (True, None)), (["--traffic", "kafka:9092"], (False, "kafka:9092"))],
)
def test_its_options_are_handed_on_and_its_answer_is_the_exit_code(
    arguments: list[str], asked: tuple, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[tuple] = []
    monkeypatch.setattr("driftwatch.demo.run.demo", lambda *given: calls.append(given) or 130)
    assert run(["demo", *arguments]) == 130
    assert calls == [asked]
