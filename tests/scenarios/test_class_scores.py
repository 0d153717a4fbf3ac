"""A model of which every class has a score, from build to backtest, and over a restart on a real disk."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from driftwatch.cli.program import run
from driftwatch.config.load import load
from driftwatch.events.classes import Stream
from driftwatch.events.records import Partition
from driftwatch.monitor.monitor import Inputs, Monitor
from driftwatch.references.codec import decode
from driftwatch.replay import Replay
from driftwatch.storage.directory import CHECKPOINT_FILE
from driftwatch.storage.examine import examine
from driftwatch.storage.sqlite import SqliteCheckpoint, open_checkpoint
from driftwatch.summaries.layout import CLASS_CALIBRATION, CLASS_DECIDED, CLASS_SCORE_LABEL, FIXED_POINT, Part
from tests.config.files import text_of
from tests.monitor.drive import lines
from tests.monitor.test_class_scores import REFERENCE, SPEC, logs_of, met, part_of, records
from tests.monitor.world import KEY, batch, plan

START_MS = 1_700_000_000_000 // 3_600_000 * 3_600_000
NAMES = ("cat", "dog", "cow")
WRITTEN: dict[str, Any] = {
    "kafka": {"bootstrap_servers": ["nowhere:9092"]},
    "models": [
        {
            "name": "m",
            "task": "multiclass",
            "reference": "m.ref",
            "predictions": {
                "topic": "p", "id": "id", "time": {"path": "ts", "unit": "ms"}, "score": "best", "decision": "said",
                "features": ["a"], "class_scores": {name: f"scores.{name}" for name in NAMES}, "lateness": "0s",
            },
            "labels": {"topic": "l", "id": "id", "label": "y", "time": {"path": "ts", "unit": "ms"}, "lateness": "0s"},
            "windows": [{"size": "1h", "slide": "1h"}],
            "slices": ["side"],
            "rules": [
                {"name": "cow moved", "when": "ks_statistic > 0.15", "features": ["score[cow]"]},
                {"name": "others", "when": "ks_statistic > 0.15", "features": ["score[*]", "a"], "slices": ["all"]},
            ],
        }
    ],
}  # fmt: skip


def history(seed: int, hours: int, cows_from: int) -> list[dict[str, Any]]:
    """300 events an hour with the odds of each class; from the hour `cows_from` on cows are likelier."""
    rng = np.random.default_rng(seed)
    made: list[dict[str, Any]] = []
    for i in range(300 * hours):
        odds = rng.dirichlet([2.0, 2.0, 1.0 if i < 300 * cows_from else 4.0])
        said = NAMES[int(odds.argmax())]
        made.append(
            {
                "id": f"{seed}-{i}", "ts": START_MS + i * 12_000, "a": rng.normal(), "side": "LR"[i % 2], "said": said,
                "best": float(odds.max()), "scores": dict(zip(NAMES, odds.tolist(), strict=True)),
                "y": NAMES[int(rng.choice(3, p=odds))],
            }
        )  # fmt: skip
    return made


def written(rows: list[dict[str, Any]], *, labels: bool = False) -> bytes:
    kept = [{"id": r["id"], "ts": r["ts"] + 60_000, "y": r["y"]} if labels else r for r in rows]
    return "\n".join(map(json.dumps, kept)).encode()


def unlabelled(rows: list[dict[str, Any]]) -> bytes:
    return written([{key: value for key, value in row.items() if key != "y"} for row in rows])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("classes")
    (folder / "c.yaml").write_text(text_of(WRITTEN))
    (folder / "past.jsonl").write_bytes(written(history(1, 8, 8)))
    now = history(2, 4, 2)
    (folder / "now.jsonl").write_bytes(unlabelled(now))
    (folder / "labels.jsonl").write_bytes(written(now, labels=True))
    target = str(folder / "m.ref")
    built = ["reference", "build", "-c", str(folder / "c.yaml"), str(folder / "past.jsonl"), "-o", target]
    assert run(built) == 0
    return folder


def given(folder: Path) -> Mapping[str, str]:
    return {"p": str(folder / "now.jsonl"), "l": str(folder / "labels.jsonl")}


def test_check_names_the_table_and_show_the_fields(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", "-c", str(folder / "c.yaml")]) == 0
    assert "class_scores" in capsys.readouterr().out
    assert run(["reference", "show", str(folder / "m.ref")]) == 0
    out = capsys.readouterr().out
    assert all(f"score[{name}]" in out for name in NAMES)


def test_a_reference_without_them_is_to_be_built_again(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = json.loads(json.dumps(WRITTEN))
    del data["models"][0]["predictions"]["class_scores"]["cow"], data["models"][0]["rules"]
    (folder / "fewer.yaml").write_text(text_of(data))
    assert run(["check", "-c", str(folder / "fewer.yaml")]) != 0
    told = capsys.readouterr()
    assert "it was built with `score[cow]`, the own score of a class" in told.out + told.err
    assert "reference build" in told.out + told.err


def test_a_class_that_nothing_was_is_noted(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = json.loads(json.dumps(WRITTEN))
    data["models"][0]["predictions"]["class_scores"]["Cow"] = "scores.moo"
    del data["models"][0]["rules"]
    (folder / "more.yaml").write_text(text_of(data))
    target = str(folder / "more.ref")
    built = ["reference", "build", "-c", str(folder / "more.yaml"), str(folder / "past.jsonl"), "-o", target]
    assert run(built) == 0
    told = capsys.readouterr()
    assert "score[Cow]: no decision and no label is 'Cow'" in told.out + told.err


def test_replay_counts_each_class_against_the_rest(folder: Path) -> None:
    rows = history(2, 4, 2)
    replayed = Replay(load(folder / "c.yaml"), given(folder))
    every = [reading for step in replayed.steps() for reading, _ in step.readings]
    last = [reading for reading in every if reading.stream is Stream.LABELS][-2]  # the last one holds five
    layout = last.layout
    labels = part_of(layout, Stream.LABELS)
    assert last.labels is not None
    total = last.labels[1][0]
    assert labels.scored == tuple(f"score[{name}]" for name in NAMES)
    inside = [row for row in rows if last.start_ms <= row["ts"] + 60_000 < last.end_ms]
    assert len(inside) == 300
    sums = block_of(labels, CLASS_CALIBRATION, total)
    for k, name in enumerate(NAMES):
        assert sums[k, 0].sum() == len(inside)
        assert sums[k, 1].sum() == sum(row["y"] == name for row in inside)
        assert sums[k, 2].sum() == sum(round(row["scores"][name] * FIXED_POINT) for row in inside)


def test_the_alert_is_of_the_class_whose_score_moved(folder: Path) -> None:
    out = ["--statistics", str(folder / "s.csv"), "--alerts", str(folder / "a.ndjson")]
    sources = [f"{name}={path}" for name, path in given(folder).items()]
    assert run(["replay", "-c", str(folder / "c.yaml"), *sources, *out]) == 0
    rows = csv.DictReader((folder / "s.csv").read_text("utf-8").splitlines())
    features = {row["feature"] for row in rows if row["statistic"] == "ks_statistic"}
    assert features == {"a", "score", *(f"score[{name}]" for name in NAMES)}
    told = [json.loads(line) for line in (folder / "a.ndjson").read_text().splitlines()]
    firing = {feature for row in told if row["transition"] == "alert.firing" for feature in row["features"]}
    assert "score[cow]" in firing
    assert "a" not in firing


def test_backtest_changes_the_score_of_a_class(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = json.loads(json.dumps(WRITTEN))
    del data["models"][0]["rules"]
    (folder / "free.yaml").write_text(text_of(data))
    (folder / "calm.jsonl").write_bytes(unlabelled(history(3, 24, 24)))
    arguments = ["backtest", f"p={folder / 'calm.jsonl'}", "-c", str(folder / "free.yaml"), "--json"]
    assert run([*arguments, "--inject", "score[cow] missing 30 %"]) == 0
    calm, changed = json.loads(capsys.readouterr().out)
    assert calm["alerts"] == []
    assert changed["alerts"][0]["field"] == "score[cow]"


def block_of(part: Part, name: str, total: np.ndarray) -> np.ndarray:
    block = part.block(name)
    assert block is not None
    return total[block.start : block.stop].reshape(block.shape)


class Daemon:
    """The core over a checkpoint on disk."""

    def __init__(self, folder: Path, bounds: Mapping[Partition, tuple[int, int]]) -> None:
        self.checkpoint: SqliteCheckpoint = open_checkpoint(folder)
        plans = [plan(SPEC, REFERENCE)]
        self.monitor = Monitor(plans, self.checkpoint.load(), self.checkpoint.joins, KEY)
        self.monitor.assign(dict(bounds))

    def commit(self, *, finish: bool = False) -> None:
        self.checkpoint.commit(self.monitor.commit(Inputs(finish=finish)).changes)

    def totals(self, stream: Stream) -> np.ndarray:
        return sum(  # type: ignore[return-value]
            pane[0] for key, pane in self.checkpoint.load().panes.items() if key.stream is stream
        )


def test_labels_after_a_restart_find_the_scores_on_disk(tmp_path: Path) -> None:
    rows = records(5, 120)
    logs = logs_of(rows)
    daemon = Daemon(tmp_path, logs.bounds)
    for partition in (Partition("p", 0), Partition("p", 1)):
        values, stamps = logs.values[partition], logs.stamps[partition]
        daemon.monitor.ingest(batch("p", partition.number, values, 0, stamps))
    daemon.commit()
    daemon.checkpoint.close()
    examined = examine(tmp_path)
    assert (examined.damage, examined.rows["join_rows"]) == ({}, 2 * len(rows))
    daemon = Daemon(tmp_path, logs.bounds)
    labels = lines([{"id": row["id"], "ts": row["ts"] + 300_000, "y": row["y"]} for row in rows])
    daemon.monitor.ingest(batch("l", 0, labels[:50]))
    daemon.checkpoint.rollback()  # a commit that failed: all is read again
    daemon.checkpoint.close()
    daemon = Daemon(tmp_path, logs.bounds)
    daemon.monitor.ingest(batch("l", 0, labels))
    daemon.commit(finish=True)
    found = block_of(
        part_of(REFERENCE.layout, Stream.LABELS), CLASS_SCORE_LABEL, daemon.totals(Stream.LABELS)
    )
    assert (found == met(REFERENCE.layout, rows)).all()
    decided = block_of(
        part_of(REFERENCE.layout, Stream.PREDICTIONS), CLASS_DECIDED, daemon.totals(Stream.PREDICTIONS)
    )
    assert decided.sum() == 2 * len(rows)
    daemon.checkpoint.close()
    assert (tmp_path / CHECKPOINT_FILE).exists()


def test_the_reference_on_disk_says_which_fields_are_scores(folder: Path) -> None:
    layout = decode((folder / "m.ref").read_bytes()).layout
    for stream in (Stream.PREDICTIONS, Stream.LABELS):
        assert part_of(layout, stream).scored == tuple(f"score[{name}]" for name in NAMES)
