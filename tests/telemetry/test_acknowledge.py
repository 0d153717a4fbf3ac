import pytest

from tests.telemetry.daemon import TOKEN, Daemon

PATH = "/api/v1/episodes/ep_1/acknowledge"
BEARER = {"authorization": f"Bearer {TOKEN}".encode()}
BODY = {"by": "retrain job 17"}


def test_with_the_token_it_is_handed_to_the_loop_and_committed() -> None:
    daemon = Daemon()
    answer = daemon.client().post(PATH, json=BODY, headers=BEARER)
    assert (answer.status_code, answer.json()) == (200, {"episode": "ep_1", "outcome": "acknowledged"})
    assert daemon.asked == [("ep_1", "retrain job 17")]


def test_without_a_commit_in_time_it_is_accepted() -> None:
    answer = Daemon(outcome=None, wait_s=0.01).client().post(PATH, json=BODY, headers=BEARER)
    assert (answer.status_code, answer.json()["outcome"]) == (202, "accepted")


@pytest.mark.parametrize(
    ("outcome", "status"), [("unknown", 404), ("conflict", 409), ("the commit failed", 503)]
)
def test_the_loop_s_refusals_are_told(outcome: str, status: int) -> None:
    answer = Daemon(outcome=outcome).client().post(PATH, json=BODY, headers=BEARER)
    assert answer.status_code == status
    assert answer.json()["message"]


def test_a_full_queue_says_so() -> None:
    answer = Daemon(full=True).client().post(PATH, json=BODY, headers=BEARER)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'{"by": ""}', b'{"who": "x"}', b"\xff", b'{"by": "a", "x": 1}']
)
def test_a_bad_body_is_refused_with_an_example(body: bytes) -> None:
    daemon = Daemon()
    answer = daemon.client().post(PATH, content=body, headers=BEARER)
    assert answer.status_code == 400
    assert "by" in answer.json()["message"]
    assert daemon.asked == []


def test_a_large_body_is_not_read_to_its_end() -> None:
    daemon = Daemon()
    taken = 0

    def endless():
        nonlocal taken
        for _ in range(1_000):
            taken += 1
            yield b"x" * 1_000

    answer = daemon.client().post(PATH, content=endless(), headers=BEARER)
    assert answer.status_code == 413
    assert daemon.asked == []


@pytest.mark.parametrize("episode", ["..%2F..", "a%20b", "x" * 129, "%00"])
def test_a_name_that_cannot_be_an_episode_never_reaches_the_loop(episode: str) -> None:
    daemon = Daemon()
    answer = daemon.client().post(f"/api/v1/episodes/{episode}/acknowledge", json=BODY, headers=BEARER)
    assert answer.status_code == 404
    assert daemon.asked == []


def test_looking_is_not_acknowledging() -> None:
    daemon = Daemon()
    assert daemon.client().get(PATH, headers=BEARER).status_code == 405
    assert daemon.asked == []
