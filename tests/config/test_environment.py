import pytest

from driftwatch.config.environment import merge, overrides, strangers, variables


def test_variables_set_values_at_their_paths(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DRIFTWATCH_KAFKA__BOOTSTRAP_SERVERS", "a:1, b:2")
    monkeypatch.setenv("driftwatch_kafka__group_id", "blue")
    monkeypatch.setenv("DRIFTWATCH_STATE__COMMIT_EVERY", "5s")
    monkeypatch.setenv("DRIFTWATCH_KAFKA__SASL_PASSWORD__FILE", "/x")
    monkeypatch.setenv("DRIFTWATCH_KAFKA__API_VERSION", "[2, 3]")
    monkeypatch.setenv("DRIFTWATCH_ENDPOINTS", '[{"name": "ci"}]')
    assert overrides() == {
        "kafka": {
            "bootstrap_servers": ["a:1", "b:2"],
            "group_id": "blue",
            "sasl_password": {"file": "/x"},
            "api_version": [2, 3],
        },
        "state": {"commit_every": "5s"},
        "endpoints": [{"name": "ci"}],
    }
    assert variables()["kafka", "sasl_password", "file"] == "DRIFTWATCH_KAFKA__SASL_PASSWORD__FILE"
    assert strangers(variables()) == []


def test_other_variables_of_ours_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DRIFTWATCH_SLACK_URL", "DRIFTWATCH_NO_SKIP", "DRIFTWATCH_KAFKA_PORT", "DRIFTWATCH_PORT"):
        monkeypatch.setenv(name, "x")
    assert overrides() == {}
    assert variables({"DRIFTWATCH_SLACK_URL": "x", "PATH": "y"}) == {}


def test_a_misspelt_variable_is_a_mistake() -> None:
    found = variables({"DRIFTWATCH_KAFFKA__GROUP_ID": "x"})
    ((name, mistake),) = strangers(found)
    assert name == "DRIFTWATCH_KAFFKA__GROUP_ID"
    assert mistake.write == "`kafka` (did you mean that?)"


def test_broken_json_is_left_for_the_validation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DRIFTWATCH_MODELS", "[{")
    assert overrides() == {"models": "[{"}


def test_merging_replaces_values_and_keeps_the_rest() -> None:
    below = {"a": {"x": 1, "y": {"z": 1}}, "b": [1]}
    assert merge(below, {"a": {"y": {"z": 2}}, "b": [2], "c": 3}) == {
        "a": {"x": 1, "y": {"z": 2}},
        "b": [2],
        "c": 3,
    }
    assert below == {"a": {"x": 1, "y": {"z": 1}}, "b": [1]}
