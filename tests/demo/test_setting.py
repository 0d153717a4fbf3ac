"""What the demonstration writes is what the daemon accepts, secrets are for the owner only."""

from __future__ import annotations

import contextlib
import socket
import stat
from pathlib import Path

import pytest

from driftwatch.config.load import load
from driftwatch.demo.feed import first_model
from driftwatch.demo.setting import Setting, free_port, prepare
from driftwatch.demo.world import COUNTRIES, FEATURES, STEP_MS, World
from driftwatch.events.classes import Stream
from driftwatch.telemetry.spec import HttpSpec
from driftwatch.webhooks.signing import parse_secret

WORLD = World(seed=1, per_minute=20)
START_MS = 1_000 * 60 * STEP_MS
MODEL = first_model(WORLD, START_MS)
ACCEPTED = WORLD.stretch(START_MS, START_MS + 180 * STEP_MS)
KEY = b"k" * 32


@pytest.fixture(scope="module")
def setting(tmp_path_factory: pytest.TempPathFactory) -> Setting:
    folder = tmp_path_factory.mktemp("demo")
    return prepare(folder, "127.0.0.1:9", "http://127.0.0.1:10", KEY, (ACCEPTED, MODEL), START_MS)


def test_the_configuration_loads_with_everything_that_it_names(setting: Setting) -> None:
    loaded = load(setting.configuration)
    configuration = loaded.configuration
    assert configuration.kafka.bootstrap_servers == ["127.0.0.1:9"]
    assert configuration.alerting.external_url == setting.url == f"http://127.0.0.1:{configuration.http.port}"
    assert {endpoint.url for endpoint in configuration.endpoints} == {
        "http://127.0.0.1:10/slack",
        "http://127.0.0.1:10/retrain",
    }
    assert Path(configuration.state.directory) == setting.configuration.parent / "state"
    secret = configuration.endpoints[1].secret
    assert secret is not None
    assert parse_secret(secret.reveal()) == KEY
    token = configuration.http.token
    assert token is not None
    assert token.reveal() == setting.token
    assert set(setting.secrets) == {token.reveal(), secret.reveal()}


def test_the_reference_holds_every_accepted_loan_with_its_label(setting: Setting) -> None:
    first, learned = load(setting.configuration).references["credit-default"]
    assert learned is None
    assert first is not None
    assert first.events == len(ACCEPTED)
    part = first.layout.part(Stream.PREDICTIONS)
    assert part is not None
    assert {field.name for field in part.fields} == {*FEATURES, "score", "decision"}
    rows = first.layout.slices.rows
    assert {f"country={country}" for country in COUNTRIES} <= set(rows)
    labels = first.layout.part(Stream.LABELS)
    assert labels is not None
    confusion = labels.block("confusion")
    assert confusion is not None
    counts = first.totals[Stream.LABELS][0, confusion.start : confusion.stop]
    known = ACCEPTED.where(ACCEPTED.label_ms < 2**62)
    assert counts.sum() == len(known)
    right = counts.reshape(confusion.shape).trace() / counts.sum()
    assert right == pytest.approx(MODEL.accuracy(known), abs=1e-9)


def test_secrets_are_for_the_owner_only(setting: Setting) -> None:
    for name in ("api.token", "hook.secret"):
        assert stat.S_IMODE((setting.configuration.parent / name).stat().st_mode) == 0o600
    text = setting.configuration.read_text()
    assert not any(secret in text for secret in setting.secrets)


def test_a_taken_port_is_avoided() -> None:
    with socket.socket() as taken:
        with contextlib.suppress(OSError):  # somebody else has it: just as taken
            taken.bind(("127.0.0.1", HttpSpec().port))
        assert free_port() not in (0, HttpSpec().port)
