from pathlib import Path

import pytest

from driftwatch.config.errors import Mistake
from driftwatch.config.outside import file_fault, look
from driftwatch.references.codec import encode
from tests.config.files import good
from tests.config.references import reference_of


def only(data: object) -> Mistake:
    (one,) = look(data).mistakes
    return one


def test_secrets_must_be_readable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = good()
    token = tmp_path / "token"
    data["http"] = {"token": {"file": str(token)}}
    one = only(data)
    assert one.path == ("http", "token", "file")
    assert one.message == f"the secret file {token} cannot be read: No such file or directory"
    token.write_bytes(b"\xff\xfe")
    assert "not text" in only(data).message
    token.write_text(" \n")
    assert only(data).message == "the secret is empty"
    token.write_text("abc\n")
    assert look(data).mistakes == ()
    data["endpoints"][0]["url"] = {"env": "DRIFTWATCH_TEST_URL"}
    assert only(data).message == "the environment variable `DRIFTWATCH_TEST_URL` is not set"
    monkeypatch.setenv("DRIFTWATCH_TEST_URL", "https://x")
    assert look(data).mistakes == ()


def test_a_half_secret_is_the_business_of_the_schema() -> None:
    data = good()
    data["http"] = {"token": {"file": "/nope", "env": "X"}}
    assert look(data).mistakes == ()


def test_certificates_and_the_optional_client(tmp_path: Path) -> None:
    data = good()
    data["kafka"]["ssl_cafile"] = str(tmp_path / "ca.pem")
    assert only(data).path == ("kafka", "ssl_cafile")
    (tmp_path / "ca.pem").write_text("x")
    assert look(data).mistakes == ()
    data["kafka"]["client"] = "confluent"
    assert all(m.path == ("kafka", "client") for m in look(data).mistakes)
    assert file_fault(tmp_path) == "Is a directory"


def test_a_missing_client_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    data = good()
    data["kafka"]["client"] = "confluent"
    assert only(data).write == "`kafka-python`, or install driftwatchd[confluent]"


def test_references_are_handed_out_by_model(tmp_path: Path) -> None:
    reference = reference_of()
    (tmp_path / "r.ref").write_bytes(encode(reference))
    data = good()
    data["models"][0]["reference"] = [{"version": "v1", "path": str(tmp_path / "r.ref")}, {"learn": "7d"}]
    found = look(data)
    assert found.mistakes == ()
    first, second = found.references["credit"]
    assert first is not None
    assert (first.hash, second) == (reference.hash, None)


@pytest.mark.parametrize(
    "junk", [None, [], {"models": [{}]}, {"models": 3, "endpoints": [{"url": {"file": 1}}]}]
)
def test_any_data_is_survived(junk: object) -> None:
    look(junk)
