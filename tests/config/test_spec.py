import pytest
from pydantic import ValidationError

from driftwatch.config.spec import Configuration, StateSpec
from tests.config.files import good


def test_defaults() -> None:
    configuration = Configuration.model_validate(good())
    assert configuration.state == StateSpec()
    assert configuration.state.commit_every == 1_000
    assert configuration.http.port == 9464


def test_it_cannot_be_changed_and_has_a_model() -> None:
    configuration = Configuration.model_validate(good())
    with pytest.raises(ValidationError):
        configuration.kafka = configuration.kafka  # type: ignore[misc]
    with pytest.raises(ValidationError):
        Configuration.model_validate({**good(), "models": []})
