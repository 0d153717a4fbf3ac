"""Whoever wants to change something needs the token, whatever it is that changes (F37)."""

from __future__ import annotations

import pytest

from tests.telemetry.daemon import TOKEN, Daemon

PATHS = (
    "/api/v1/episodes/ep_1/acknowledge",
    "/api/v1/models/credit/reference/accept",
    "/api/v1/reload",
)
BEARER = {"authorization": f"Bearer {TOKEN}".encode()}
BODY = {"by": "retrain job 17"}


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": ""},
        {"authorization": "Bearer"},
        {"authorization": "Bearer "},
        {"authorization": "Bearer wrong"},
        {"authorization": f"Basic {TOKEN}".encode()},
        {"authorization": f"Bearer {TOKEN}x".encode()},
        {"authorization": f"Bearer {TOKEN[:-1]}".encode()},
    ],
)
@pytest.mark.parametrize("path", PATHS)
def test_a_missing_or_wrong_token_is_refused(path: str, headers: dict[str, str]) -> None:
    daemon = Daemon()
    answer = daemon.client().post(path, json=BODY, headers=headers)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert (daemon.asked, daemon.accepts, daemon.reloads) == ([], [], 0)
    assert TOKEN not in answer.text


@pytest.mark.parametrize("token", [None, ""])
@pytest.mark.parametrize("path", PATHS)
def test_without_a_configured_token_nobody_may(path: str, token: str | None) -> None:
    daemon = Daemon(token=token)
    for headers in ({}, {"authorization": "Bearer "}, BEARER):
        assert daemon.client().post(path, json=BODY, headers=headers).status_code == 403
    assert (daemon.asked, daemon.accepts, daemon.reloads) == ([], [], 0)


@pytest.mark.parametrize("path", PATHS)
def test_a_token_that_cannot_be_read_refuses_everybody(path: str) -> None:
    answer = Daemon(token="unreadable").client().post(path, json=BODY, headers=BEARER)
    assert answer.status_code == 503
    assert "no such file" not in answer.text
