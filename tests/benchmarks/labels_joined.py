"""How many labels per second meet their predictions in the SQLite checkpoint, commits included."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from driftwatch.events.joins import LABEL_ROW, PREDICTION_ROW, JoinTable
from driftwatch.monitor.changes import Changes
from driftwatch.storage.sqlite import SqliteCheckpoint, open_checkpoint
from tests.benchmarks.figure import Figure

GENERATIONS = 16
BATCH = 20_000
BATCHES_PER_COMMIT = 5
BATCHES = 20
Ints = NDArray[np.int64]


def labels_joined_per_s(outstanding: int) -> float:
    """Labels per second in batches of 20 000, spread over predictions of 16 generations.

    Each batch does what the product does: find the predictions, look for earlier labels of the same ids, leave
    the label rows. A commit follows every 5 batches. Half as many labels as outstanding predictions have come before.
    """
    random = np.random.default_rng(7)
    ids = random.integers(0, 2**63 - 1, outstanding + outstanding // 2)
    generations = np.arange(len(ids)) * GENERATIONS // len(ids)
    with tempfile.TemporaryDirectory() as directory:
        checkpoint = open_checkpoint(Path(directory))
        predictions = checkpoint.joins.table("model", "predictions", PREDICTION_ROW)
        labels = checkpoint.joins.table("model", "labels", LABEL_ROW)
        _fill(checkpoint, predictions, ids, generations)
        mixed = random.permutation(len(ids))
        earlier, later = mixed[outstanding:], mixed[:outstanding]
        _fill(checkpoint, labels, ids[earlier], generations[earlier])
        os.sync()  # what the preparation left to the disk must not be waited for by the commits measured
        picked = random.choice(later, (BATCHES, min(BATCH, outstanding // BATCHES)), replace=False)
        started = time.perf_counter()
        for number, batch in enumerate(picked, 1):
            _join(predictions, labels, ids[batch])
            if number % BATCHES_PER_COMMIT == 0:
                checkpoint.commit(Changes())
        spent = time.perf_counter() - started
        assert len(labels) == outstanding // 2 + picked.size
        checkpoint.close()
    return picked.size / spent


def labels_joined(seconds: float) -> Figure:
    """With 10 M predictions outstanding (shorter runs: fewer), against 1 M."""
    many = 10_000_000 if seconds >= 60 else 2_000_000
    few, more = labels_joined_per_s(1_000_000), labels_joined_per_s(many)
    return Figure(
        "labels_joined_per_s",
        more,
        "labels/s",
        f"labels that meet their predictions, commits included: {many // 1_000_000} M outstanding against 1 M",
        100_000,
        product=more,
        bare=few,
        ratio=more / few,
        details={"ratio_goal": 0.9, "ratio_met": more / few >= 0.9, "outstanding": many},
    )


def _join(predictions: JoinTable, labels: JoinTable, ids: Ints) -> None:
    span = range(GENERATIONS + 1)
    places, rows = predictions.find(span, ids)
    assert len(places) == len(ids)
    assert not len(labels.find(span, ids)[0])
    generations = rows["time_ms"]
    left = np.zeros(len(ids), LABEL_ROW)
    for generation in np.unique(generations).tolist():
        here = generations == generation
        labels.add(generation, ids[places[here]], left[here])


def _fill(checkpoint: SqliteCheckpoint, table: JoinTable, ids: Ints, generations: Ints) -> None:
    for start in range(0, len(ids), BATCH):
        part = slice(start, start + BATCH)
        rows = np.zeros(len(ids[part]), table.dtype)
        rows["time_ms"] = generations[part]
        for generation in np.unique(generations[part]).tolist():
            here = generations[part] == generation
            table.add(generation, ids[part][here], rows[here])
        if start // BATCH % BATCHES_PER_COMMIT == 0:
            checkpoint.commit(Changes())
    checkpoint.commit(Changes())


if __name__ == "__main__":
    for size in map(int, sys.argv[1:] or ["1000000", "10000000"]):
        print(f"{size:>12,} outstanding: {labels_joined_per_s(size):>10,.0f} labels/s")
