"""What configuration is made of: immutable, strict, and with secrets that never show."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from driftwatch.spec import Secret, Spec


class Thing(Spec):
    """A piece of configuration."""

    size: float = 1.0


def test_a_spec_is_immutable_and_knows_all_its_keys() -> None:
    thing = Thing(size=2)
    with pytest.raises(ValidationError, match="frozen"):
        thing.size = 3  # type: ignore[misc]
    with pytest.raises(ValidationError, match="sise"):
        Thing.model_validate({"sise": 2})
    for size in (float("nan"), float("inf")):
        with pytest.raises(ValidationError, match="finite"):
            Thing(size=size)


def test_a_secret_is_read_where_it_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "secret"
    secret = Secret(file=file)
    with pytest.raises(FileNotFoundError):
        secret.reveal()
    file.write_text("hunter2\r\n")
    assert secret.reveal() == "hunter2"
    file.write_text("rotated \n")
    assert secret.reveal() == "rotated ", "a space may belong to it"
    monkeypatch.setenv("DRIFTWATCH_TEST_SECRET", "from the environment")
    assert Secret(env="DRIFTWATCH_TEST_SECRET").reveal() == "from the environment"
    with pytest.raises(KeyError):
        Secret(env="DRIFTWATCH_TEST_NO_SUCH").reveal()


def test_a_secret_shows_where_it_is_and_never_what_it_is(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("hunter2")
    secret = Secret(file=file)
    assert secret.reveal() == "hunter2"
    assert "hunter2" not in repr(secret) + str(secret) + secret.model_dump_json()


@pytest.mark.parametrize("wrong", [{}, {"file": "a", "env": "B"}, {"value": "hunter2"}])
def test_a_secret_has_one_place_and_is_never_written_down(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        Secret.model_validate(wrong)
