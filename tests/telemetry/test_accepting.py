import pytest

from driftwatch.alerts.alert import AlertState
from driftwatch.events.iso import parse_iso_ms
from driftwatch.monitor.accepting import Accept, Refusal
from tests.telemetry import pictures
from tests.telemetry.daemon import TOKEN, Daemon

PATH = "/api/v1/models/credit/reference/accept"
BEARER = {"authorization": f"Bearer {TOKEN}".encode()}
HASH = "0123456789abcdef"


def test_the_version_that_fires_is_accepted_and_the_reference_named() -> None:
    daemon = Daemon(outcome=HASH)
    answer = daemon.client().post(PATH, json={"by": "ana"}, headers=BEARER)
    assert (answer.status_code, answer.json()) == (
        200,
        {"model": "credit", "version": "v1", "outcome": "accepted", "reference": HASH},
    )
    assert daemon.accepts == [Accept("credit", "v1", "ana")]


def test_version_and_beginning_can_be_stated() -> None:
    daemon = Daemon(outcome=HASH)
    body = {"by": "ana", "version": "v0", "from": "2026-03-01T10:00:00Z"}
    assert daemon.client().post(PATH, json=body, headers=BEARER).status_code == 200
    assert daemon.accepts == [Accept("credit", "v0", "ana", parse_iso_ms("2026-03-01T10:00:00Z"))]


def test_without_a_commit_in_time_it_is_queued() -> None:
    answer = Daemon(outcome=None, wait_s=0.01).client().post(PATH, json={"by": "ana"}, headers=BEARER)
    assert (answer.status_code, answer.json()["outcome"]) == (202, "queued")


@pytest.mark.parametrize(
    ("outcome", "status"),
    [
        (Refusal.UNKNOWN, 404),
        (Refusal.NOTHING, 409),
        (Refusal.TOO_FEW, 409),
        ("the commit failed; ask again", 503),
    ],
)
def test_what_the_core_refuses_is_told(outcome: str, status: int) -> None:
    answer = Daemon(outcome=outcome).client().post(PATH, json={"by": "ana"}, headers=BEARER)
    assert answer.status_code == status
    assert answer.json()["message"]


@pytest.mark.parametrize(
    "body", [b"", b'{"by": ""}', b'{"by": "a", "from": "noon"}', b'{"by": "a", "who": 1}']
)
def test_a_bad_body_never_reaches_the_loop(body: bytes) -> None:
    daemon = Daemon()
    assert daemon.client().post(PATH, content=body, headers=BEARER).status_code == 400
    assert daemon.accepts == []


def test_an_unknown_model_and_a_full_queue_say_so() -> None:
    other = "/api/v1/models/nothing/reference/accept"
    assert Daemon().client().post(other, json={"by": "ana"}, headers=BEARER).status_code == 404
    assert Daemon(full=True).client().post(PATH, json={"by": "ana"}, headers=BEARER).status_code == 503


def test_which_of_several_versions_has_to_be_said(monkeypatch: pytest.MonkeyPatch) -> None:
    daemon = Daemon()
    view = daemon.board.picture.snapshot.models["credit"]
    several = (*view.alerts, pictures.alert(AlertState.FIRING, "v2"))
    object.__setattr__(view, "alerts", several)
    answer = daemon.client().post(PATH, json={"by": "ana"}, headers=BEARER)
    assert (answer.status_code, answer.json()["error"]) == (409, "several")
    assert "v1, v2" in answer.json()["message"]
    object.__setattr__(view, "alerts", ())
    answer = daemon.client().post(PATH, json={"by": "ana"}, headers=BEARER)
    assert (answer.status_code, answer.json()["error"]) == (409, "nothing")
