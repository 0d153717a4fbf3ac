import pytest

from driftwatch.config.marks import dotted, hide


def test_path_for_people() -> None:
    assert dotted(("models", 0, "windows", 1, "size")) == "models[0].windows[1].size"
    assert dotted(()) == ""


@pytest.mark.parametrize(
    "line",
    [
        "  sasl_password: hunter2",
        "  sasl_password: 'hunter2'",
        '{"api_key": "hunter2"}',
        "token: hunter2 # why",
        "sasl_user: hunter2",
        "- {name: x, url: https://hooks.example.com/hunter2}",
        "url: https://user:hunter2@example.com/",
    ],
)
def test_secret_values_are_hidden_and_nothing_moves(line: str) -> None:
    hidden = hide(line)
    assert "hunter2" not in hidden
    assert len(hidden) == len(line)


@pytest.mark.parametrize(
    "line",
    [
        "group_id: driftwatch",
        "token: {env: TOKEN}",
        "secret: {file: /run/secrets/hook}",
        "external_url: https://driftwatch.example.com/base",
        "url: http://receiver:8080/",
    ],
)
def test_other_lines_stay_as_they_are(line: str) -> None:
    assert hide(line) == line
