"""Ids that come again and labels that come wrong, across commits, a SIGTERM and a kill -9 (F14, F15, F27)."""

from __future__ import annotations

import json
import random
import signal
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
import pytest

from driftwatch.events.classes import RecordClass as Class
from driftwatch.events.classes import Stream
from tests.faults.scene import End, Scene, Sent, series
from tests.integration.broker import Broker
from tests.monitor.world import MINUTE, START, label, prediction
from tests.waiting import until

pytestmark = pytest.mark.slow

PREDICTIONS, LABELS = Stream.PREDICTIONS, Stream.LABELS
COUNT = 600
STEP_MS = 100
"""All of it is younger than the lateness, so that nothing is late."""
BULK = 60_000
NEVER = range(50, 60)
FIRST = range(400, 410)
"""Their labels lie in the log long before they do."""
UNMATCHED = (100_000, 100_001, 100_002)
END_MS = START + 20 * MINUTE


def when(number: int) -> int:
    return START + number * STEP_MS


def predicted(number: int, *, other: bool = False, partition: int | None = None) -> Sent:
    """A prediction, or one of the same id that says something else."""
    record = json.loads(prediction(number, when(number), random.Random(number)))
    if other:
        record["x"] += 1
    place = number % 2 if partition is None else partition
    return Sent(json.dumps(record).encode(), when(number), place)


def truth(number: int) -> int:
    return number % 3 % 2


def labelled(number: int, *, other: bool = False, after_ms: int = 30_000) -> Sent:
    time_ms = when(number) + after_ms
    return Sent(label(number, time_ms, truth(number) ^ other), time_ms, number % 2)


@dataclass
class Run:
    scene: Scene
    end: End = field(init=False)
    splits: list[float] = field(default_factory=list[float])
    interrupted: bool = False
    remembered: int = 0


@pytest.fixture(scope="module")
def run(kafka: Broker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    scene = Scene(kafka, tmp_path_factory.mktemp("repeats"))
    run = Run(scene)
    scene.model("repeats", {"rules": None}, partitions=2)
    scene.model("bulk", {"labels": None, "rules": None})
    bulk = random.Random(0)
    scene.produce(
        scene.topic("bulk"), (Sent(prediction(n, START + n * 10, bulk), START + n * 10) for n in range(BULK))
    )
    try:
        before_the_sigterm(run)
        between(run)
        after_the_kill(run)
        run.end = scene.stop()
        yield run
    finally:
        scene.daemon.close()


def send(run: Run, predictions: Iterable[Sent], labels: Iterable[Sent]) -> None:
    run.scene.produce(run.scene.topic("repeats"), predictions)
    run.scene.produce(run.scene.topic("repeats", LABELS), labels)


def before_the_sigterm(run: Run) -> None:
    """Inside one fetch; then SIGTERM in the middle of the bulk."""
    again = [predicted(10), predicted(11, other=True), predicted(10)]
    first = [labelled(n) for n in FIRST]
    send(run, [*map(predicted, range(200)), *again], [*first, labelled(40), labelled(41)])
    run.scene.start()
    until(lambda: counted(run, "bulk") > 0, 30, "it consumes")
    run.interrupted = bool(run.scene.waits())
    assert run.scene.daemon.stop(signal.SIGTERM, within_s=10) == 0


def between(run: Run) -> None:
    """Later commits of another process, which is then killed."""
    run.scene.start()
    run.scene.consumed()
    send(run, [predicted(20), predicted(21, other=True)], [labelled(40, after_ms=31_000)])
    run.scene.consumed()
    send(run, map(predicted, range(200, 300)), [labelled(42), labelled(42, other=True, after_ms=31_000)])
    run.scene.consumed()
    run.splits.append(split_ids(run))
    assert run.scene.daemon.stop(signal.SIGKILL) == -signal.SIGKILL


def after_the_kill(run: Run) -> None:
    run.scene.start()
    again = [predicted(30), predicted(31, other=True), predicted(60, partition=1)]
    others = [n for n in range(COUNT) if n not in NEVER and n not in FIRST and n not in (40, 41, 42)]
    changed = [labelled(41, other=True, after_ms=31_000), labelled(43, after_ms=32_000)]
    unmatched = [labelled(n, after_ms=START - when(n) + 40_000) for n in UNMATCHED]
    send(
        run,
        [*again, *map(predicted, range(300, COUNT))],
        [*unmatched, *map(labelled, others), *changed, labelled(43, after_ms=32_000)],
    )
    run.scene.consumed()
    ends = [Sent(prediction(10**6 + p, END_MS, random.Random(p)), END_MS, p) for p in (0, 1)]
    send(run, ends, [Sent(label(10**6 + p, END_MS, 1), END_MS, p) for p in (0, 1)])
    run.scene.consumed()
    run.scene.idle()
    run.splits.append(split_ids(run))
    run.remembered = run.scene.daemon.get("/api/v1/models/repeats")["model"]["remembered"]


def counted(run: Run, model: str) -> int:
    answer = run.scene.daemon.get(f"/api/v1/models/{model}")
    return sum(answer["model"]["classes"].get("predictions", {}).values()) if answer else 0


def split_ids(run: Run) -> float:
    found = series(run.scene.daemon.get("/metrics"), "driftwatch_split_ids_total", model="repeats")
    return sum(found.values())


def test_f14_the_lowest_offset_wins_and_the_rest_says_why(run: Run) -> None:
    assert run.end.of("repeats") == {
        Class.ACCEPTED: COUNT + 2 + 1,  # the two that end it, and the one in two partitions (E3)
        Class.DUPLICATE: 4,
        Class.DUPLICATE_CONFLICT: 3,
    }
    assert run.splits == [0, 1]


def test_f14_every_prediction_is_in_the_panes_once(run: Run) -> None:
    """P1: the raw values of the first record of each id, cell by cell; each pane is stored in one width at a time."""
    part = run.scene.references["repeats"].layout.part(PREDICTIONS)
    assert part is not None
    (x,) = [one for one in part.fields if one.name == "x"]
    panes = [
        pane
        for key, pane in run.end.saved.panes.items()
        if key.model == "repeats" and key.stream is PREDICTIONS
    ]
    kept = [
        *map(predicted, range(COUNT)),
        predicted(60),
        *(Sent(prediction(0, 0, random.Random(p))) for p in (0, 1)),
    ]
    cells = np.searchsorted(
        np.array(x.edges), [json.loads(one.value or b"")["x"] for one in kept], side="left"
    )
    counted = sum(pane[0, x.start : x.stop] for pane in panes)
    assert counted.tolist() == np.bincount(cells, minlength=x.cells + 2).tolist()


def test_f15_each_label_has_one_class(run: Run) -> None:
    assert run.end.of("repeats", LABELS) == {
        Class.ACCEPTED: COUNT - len(NEVER),
        Class.WAITING: 2,
        Class.UNMATCHED: len(UNMATCHED),
        Class.DUPLICATE: 3,  # 40, and 43 twice
        Class.LABEL_CONFLICT: 2,  # 41 and 42
    }


def test_f15_the_first_label_counts(run: Run) -> None:
    part = run.scene.references["repeats"].layout.part(LABELS)
    assert part is not None
    block = part.block("confusion")
    assert block is not None
    expected: Counter[tuple[int, int]] = Counter()
    for n in range(COUNT):
        if n not in NEVER:
            score = json.loads(predicted(n).value or b"")["score"]
            expected[int(score >= 0.5), truth(n)] += 1
    counted: Counter[tuple[int, int]] = Counter()
    for key, pane in run.end.saved.panes.items():
        if key.model == "repeats" and key.stream is LABELS:
            for place, count in enumerate(pane[0, block.start : block.stop].tolist()):
                counted[place // 2, place % 2] += count
    assert +counted == expected


def test_f15_a_prediction_without_label_is_remembered_and_counts_nowhere(run: Run) -> None:
    assert run.remembered == COUNT + 2 + 1


def test_f27_a_sigterm_in_the_middle_loses_nothing(run: Run) -> None:
    assert run.interrupted, "it was still consuming"
    assert run.end.of("bulk") == {Class.ACCEPTED: BULK}
    assert [line["event"] for line in run.end.lines].count("stopped") == 2
