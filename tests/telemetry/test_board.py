import threading
from dataclasses import replace

from driftwatch.telemetry.board import Board
from driftwatch.telemetry.counts import Counts
from driftwatch.telemetry.health import Health
from tests.telemetry import pictures


def test_before_the_first_commit_there_is_an_empty_picture() -> None:
    picture = Board(Health()).picture
    assert (picture.snapshot.sequence, picture.snapshot.models) == (0, {})


def test_a_picture_in_hand_never_changes() -> None:
    board = Board(Health())
    before = board.picture
    board.publish(pictures.snapshot(), Counts())
    board.update(lambda health: replace(health, running=True))
    assert before.snapshot.sequence == 0
    assert not before.health.running
    assert board.picture.snapshot.sequence == 3
    assert board.picture.health.running


def test_updates_from_two_threads_are_all_there() -> None:
    board = Board(Health())

    def add() -> None:
        for _ in range(2_000):
            board.update(lambda h: replace(h, dead_letters_dropped=h.dead_letters_dropped + 1))

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert board.picture.health.dead_letters_dropped == 8_000
