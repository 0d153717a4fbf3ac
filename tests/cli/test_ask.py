import pytest

from driftwatch.cli.ask import address_of, post, token_of
from driftwatch.config.spec import Configuration
from driftwatch.errors import DriftwatchError
from tests.config.files import good


def configuration(**http: object) -> Configuration:
    return Configuration.model_validate({**good(), "http": http})


def test_where_the_daemon_is() -> None:
    assert address_of(None, configuration(port=9999)) == "http://127.0.0.1:9999"
    assert address_of("https://far.example.com/", configuration()) == "https://far.example.com"


def test_a_token_that_cannot_be_read_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN_OF_A_TEST", "s3cret")
    assert token_of(configuration(token={"env": "TOKEN_OF_A_TEST"})) == "s3cret"
    monkeypatch.delenv("TOKEN_OF_A_TEST")
    with pytest.raises(DriftwatchError, match=r"http\.token"):
        token_of(configuration(token={"env": "TOKEN_OF_A_TEST"}))
    with pytest.raises(DriftwatchError, match="needs a token"):
        token_of(configuration())


@pytest.mark.parametrize("address", ["http://127.0.0.1:1/x", "file:///etc/passwd"])
def test_nobody_answers(address: str) -> None:
    with pytest.raises(DriftwatchError, match=r"no daemon answers|does not begin"):
        post(address, {}, "s3cret-nobody-sees")
