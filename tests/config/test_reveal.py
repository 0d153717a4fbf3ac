from pathlib import Path

import pytest

from driftwatch.config.reveal import secrets_of
from driftwatch.config.spec import Configuration
from tests.config.files import good


def test_every_readable_secret_is_found_wherever_it_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "hook").write_text("canary-hook\n")
    monkeypatch.setenv("CANARY", "canary-token")
    monkeypatch.setenv("EMPTY", "")
    data = good()
    data["endpoints"].append(
        {"name": "a", "url": {"file": str(tmp_path / "hook")}, "secret": {"env": "CANARY"}}
    )
    data["http"] = {"token": {"env": "CANARY"}}
    data["kafka"] |= {
        "sasl_password": {"file": "/nope"},
        "sasl_username": {"env": "EMPTY"},
        "sasl_token": {"env": "UNSET"},
    }
    assert secrets_of(Configuration.model_validate(data)) == ("canary-hook", "canary-token")
