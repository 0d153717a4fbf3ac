"""Reloading over HTTP: in force, refused with every mistake, or not decided yet (F32)."""

from __future__ import annotations

from tests.telemetry.daemon import TOKEN, Daemon

PATH = "/api/v1/reload"
BEARER = {"authorization": f"Bearer {TOKEN}".encode()}


def test_with_the_token_it_is_taken_over() -> None:
    daemon = Daemon()
    answer = daemon.client().post(PATH, headers=BEARER)
    assert (answer.status_code, answer.json(), daemon.reloads) == (200, {"outcome": "reloaded"}, 1)


def test_a_bad_file_is_refused_with_every_mistake() -> None:
    mistakes = "d.yaml:3:5: error: a\nd.yaml:9:1: error: b"
    answer = Daemon(refused=mistakes).client().post(PATH, headers=BEARER)
    assert (answer.status_code, answer.json()["message"]) == (409, mistakes)


def test_without_an_answer_in_time_it_is_accepted() -> None:
    answer = Daemon(refused=None, wait_s=0.01).client().post(PATH, headers=BEARER)
    assert (answer.status_code, answer.json()["outcome"]) == (202, "accepted")


def test_too_many_at_once_are_told_to_ask_again() -> None:
    answer = Daemon(full=True).client().post(PATH, headers=BEARER)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")


def test_looking_reloads_nothing() -> None:
    daemon = Daemon()
    assert daemon.client().get(PATH, headers=BEARER).status_code == 405
    assert daemon.reloads == 0
