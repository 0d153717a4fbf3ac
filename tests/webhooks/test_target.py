"""What an endpoint type makes of an endpoint: address, authorization, completed body."""

from __future__ import annotations

from pathlib import Path

import pytest

from driftwatch.webhooks.catalogue import TARGETS, target_of
from driftwatch.webhooks.spec import EndpointSpec
from driftwatch.webhooks.target import Credential, Option, Target


def endpoint(**given: object) -> EndpointSpec:
    return EndpointSpec.model_validate({"name": "t", "url": "https://x.example/base/", **given})


def address(**given: object) -> str:
    spec = endpoint(**given)
    return target_of(spec).address(spec, str(spec.url))


def test_options_become_part_of_the_path_and_cannot_leave_their_place() -> None:
    made = address(type="airflow", options={"dag": "../x?y#z"})
    assert made == "https://x.example/base/api/v2/dags/..%2Fx%3Fy%23z/dagRuns"
    assert address(type="webhook") == "https://x.example/base/"


def test_secrets_are_read_at_every_attempt(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("one")
    spec = endpoint(type="github", token={"file": str(file)}, options={"owner": "o", "repository": "r"})
    assert target_of(spec).authorization(spec) == {"authorization": "Bearer one"}
    file.write_text("two")
    assert target_of(spec).authorization(spec) == {"authorization": "Bearer two"}
    file.unlink()
    with pytest.raises(OSError, match="token"):
        target_of(spec).authorization(spec)


def test_every_target_is_whole() -> None:
    for type_, target in TARGETS.items():
        names = [option.name for option in target.options]
        assert len(set(names)) == len(names), type_
        assert all(option.meaning.endswith(".") for option in target.options), type_
        assert not (target.credential_required and target.credential is Credential.NONE), type_
        target.path.format(**dict.fromkeys(names, "x"))


def test_an_option_has_its_default_where_nothing_is_given() -> None:
    target = Target(
        body=lambda n, e: b"", kinds=frozenset(), options=(Option("a", "A.", "1"), Option("b", "B."))
    )
    assert (target.option(endpoint(), "a"), target.option(endpoint(), "b")) == ("1", "")
    assert target.option(endpoint(options={"a": "2"}), "a") == "2"
