import pytest
from pydantic import ValidationError

from driftwatch.telemetry.spec import HttpSpec, TelemetrySpec


def test_by_default_everything_is_shown_and_nothing_can_be_changed() -> None:
    assert HttpSpec().port == 9464
    assert HttpSpec().token is None
    assert TelemetrySpec().max_series == 50_000


def test_a_token_is_never_written_into_the_file() -> None:
    with pytest.raises(ValidationError):
        HttpSpec.model_validate({"token": "s3cret"})
    assert HttpSpec.model_validate({"token": {"env": "TOKEN"}}).token is not None


@pytest.mark.parametrize(
    "wrong", [{"max_series": 0}, {"log_format": "xml"}, {"log_level": "loud"}, {"max_serie": 1_000}]
)
def test_what_makes_no_sense_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        TelemetrySpec.model_validate(wrong)
