"""An embedding turns in its space: no count of lengths shows it, the fields made of it do, from build to alert; live, replay and recount agree."""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from driftwatch.cli.program import run
from driftwatch.events.classes import Stream
from driftwatch.references.codec import decode

HOUR_MS = 3_600_000
START_MS = 1_700_000_000_000 // HOUR_MS * HOUR_MS
LENGTH = 24
WRITTEN: dict[str, Any] = {
    "kafka": {"bootstrap_servers": ["nowhere:9092"]},
    "models": [
        {
            "name": "m",
            "task": "binary",
            "reference": "m.ref",
            "predictions": {
                "topic": "p", "id": "id", "time": {"path": "ts", "unit": "ms"}, "score": "score", "lateness": "0s",
                "features": "f",
            },
            "multivariate": {
                "far": {"kind": "mahalanobis", "embedding": "f.vector", "components": 8},
                "rest": {"kind": "pca_residual", "embedding": "f.vector"},
                "along": {"kind": "projections", "embedding": "f.vector", "projections": 4},
            },
            "windows": [{"size": "1h", "slide": "1h"}],
            "rules": [{"name": "meaning", "when": "ks_statistic > 0.1", "features": ["far", "rest", "age"]}],
        }
    ],
}  # fmt: skip


def vectors(seed: int, events: int) -> np.ndarray:
    """A few strong directions and noise, as embeddings have them."""
    random = np.random.default_rng(seed)
    strong = np.linalg.qr(np.random.default_rng(0).standard_normal((LENGTH, LENGTH)))[0]
    return random.standard_normal((events, LENGTH)) * np.geomspace(3, 0.1, LENGTH) @ strong + 0.5


def turned(x: np.ndarray) -> np.ndarray:
    """The same vectors, two and two coordinates changed for each other: what a retrained encoder does."""
    return x.reshape(len(x), LENGTH // 2, 2)[:, :, ::-1].reshape(x.shape)


def records(seed: int, hours: int, turned_from: int, ill: bool = False) -> list[bytes]:
    """1 500 events an hour; from the hour `turned_from` on the vectors are turned; some of each sort are ill."""
    x = vectors(seed, hours * 1_500)
    x[turned_from * 1_500 :] = turned(x[turned_from * 1_500 :])
    made: list[bytes] = []
    for i, row in enumerate(x.round(5).tolist()):
        vector: object = row
        if ill and i % 10 < 5:
            vector = [None, row[:-1], [*row[:-1], "x"], [*row[:-1], None], "no list"][i % 10]
        made.append(
            json.dumps(
                {"id": f"{seed}-{i}", "ts": START_MS + i * 2_400, "score": (i * 7 % 100) / 100}
                | {"f": {"age": i * 13 % 70, "vector": vector}}
            ).encode()
        )
    return made


def written(folder: Path, name: str, values: list[bytes]) -> str:
    (folder / name).write_bytes(b"\n".join(values))
    return str(folder / name)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("embeddings")
    (folder / "c.yaml").write_text(yaml.safe_dump(WRITTEN))
    config = str(folder / "c.yaml")
    past = written(folder, "past.jsonl", records(1, 6, 6))
    assert run(["reference", "build", "-c", config, past, "-o", str(folder / "m.ref")]) == 0
    assert run(["check", "-c", config]) == 0
    return folder


def replayed(folder: Path, values: list[bytes]) -> dict[tuple[str, str], list[float]]:
    """Values of all traffic by statistic and feature, hour by hour."""
    out = ["--statistics", str(folder / "s.csv"), "--alerts", str(folder / "a.ndjson")]
    now = written(folder, "now.jsonl", values)
    assert run(["replay", "-c", str(folder / "c.yaml"), f"p={now}", *out]) == 0
    found: dict[tuple[str, str], list[float]] = defaultdict(list)
    for row in csv.DictReader((folder / "s.csv").read_text("utf-8").splitlines()):
        if row["slice"] == "all" and row["value"]:
            found[row["statistic"], row["feature"]].append(float(row["value"]))
    return found


def test_a_turn_shows_in_what_is_made_of_it_and_chance_does_not(folder: Path) -> None:
    found = replayed(folder, records(2, 4, 2))
    limit = 0.055  # of 1 500 events against 9 000, half of them for derived fields
    for feature in ("age", "score", "far", "rest", "along_1", "along_2", "along_3", "along_4"):
        assert max(found["ks_statistic", feature][:2]) < limit, feature
    for feature in ("far", "rest"):
        assert min(found["ks_statistic", feature][2:]) > 0.2, feature
    assert max(found["ks_statistic", "age"]) < limit
    rows = [json.loads(line) for line in (folder / "a.ndjson").read_text().splitlines()]
    assert [row["features"] for row in rows if row["transition"] == "alert.firing"] == [["far", "rest"]]


def test_the_counts_are_numpys_on_raw_vectors(folder: Path) -> None:
    """KS of each hour and field, from the raw vectors, the stored map written out, and the reference's cells."""
    values = records(4, 3, 1)
    found = replayed(folder, values)
    reference = decode((folder / "m.ref").read_bytes())
    part = reference.layout.part(Stream.PREDICTIONS)
    assert part is not None
    x = np.array([json.loads(value)["f"]["vector"] for value in values]).reshape(3, 1_500, LENGTH)
    for of in part.embedded:
        centre, axes = np.frombuffer(of.centre), np.frombuffer(of.axes).reshape(-1, LENGTH)
        t = (x - centre) @ axes.T
        left = np.linalg.norm(x - centre - t @ axes, axis=2)
        made = {"far": (t * t).sum(axis=2)[..., None], "rest": left[..., None], "along": t}[of.name]
        for place, name in enumerate(of.fields):
            field = part.field(name)
            past = reference.totals[Stream.PREDICTIONS][0, field.start : field.start + field.cells]
            for hour in range(3):
                cells = np.bincount(np.searchsorted(field.edges, made[hour, :, place]), minlength=field.cells)
                d = np.abs(np.cumsum(cells) / 1_500 - np.cumsum(past) / past.sum()).max()
                assert found["ks_statistic", name][hour] == pytest.approx(d, abs=1e-9), (name, hour)


def test_tables_hold_lists_too(folder: Path) -> None:
    """A list of Parquet and the text of one in CSV make the reference that JSON lines make."""
    rows = [json.loads(value) for value in records(1, 6, 6)]
    flat = [
        {k: v for k, v in row.items() if k != "f"} | {f"f.{k}": v for k, v in row["f"].items()}
        for row in rows
    ]
    pq.write_table(pa.Table.from_pylist(flat), folder / "past.parquet")
    with (folder / "past.csv").open("w", newline="") as file:
        table = csv.DictWriter(file, list(flat[0]))
        table.writeheader()
        table.writerows(flat)
    expected = decode((folder / "m.ref").read_bytes()).hash
    for name in ("past.parquet", "past.csv"):
        target = folder / f"{name}.ref"
        written = ["reference", "build", "-c", str(folder / "c.yaml"), str(folder / name), "-o", str(target)]
        assert run(written) == 0
        assert decode(target.read_bytes()).hash == expected


def test_what_is_no_vector_of_that_length_is_counted_by_reason(folder: Path) -> None:
    found = replayed(folder, records(3, 1, 1, ill=True))
    assert found["missing_share", "f.vector"] == pytest.approx([0.1])
    assert found["invalid_share", "f.vector"] == pytest.approx([0.3])
    assert found["unseen_share", "f.vector"] == pytest.approx([0.1])
    for feature in ("far", "rest", "along_1"):
        assert found["missing_share", feature] == pytest.approx([0.1])
        assert found["invalid_share", feature] == pytest.approx([0.4])


def test_another_reference_file_of_another_embedding_does_not_fit(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = json.loads(json.dumps(WRITTEN))
    other["models"][0]["multivariate"]["far"]["embedding"] = "f.other"
    (folder / "other.yaml").write_text(yaml.safe_dump(other))
    assert run(["check", "-c", str(folder / "other.yaml")]) != 0
    assert "multivariate field `far` is of another kind or of other fields" in capsys.readouterr().err


def test_features_that_are_nothing_but_an_embedding_wait_as_what_is_made_of_it(folder: Path) -> None:
    """A stream of its own, joined for its version: the same counts as inside of the predictions."""
    apart = json.loads(json.dumps(WRITTEN))
    (model,) = apart["models"]
    model["predictions"] |= {"features": ["f.age"]}
    model["features"] = {
        "topic": "f",
        "id": "id",
        "time": {"path": "ts", "unit": "ms"},
        "features": [],
        "lateness": "0s",
    }
    model |= {"reference": "apart.ref", "rules": []}
    (folder / "apart.yaml").write_text(yaml.safe_dump(apart))
    config, past = str(folder / "apart.yaml"), str(folder / "past.jsonl")
    target = str(folder / "apart.ref")
    assert run(["reference", "build", "-c", config, past, "--features", past, "-o", target]) == 0
    assert run(["check", "-c", config]) == 0
    part = decode((folder / "apart.ref").read_bytes()).layout.part(Stream.FEATURES)
    assert part is not None
    assert [field.name for field in part.own] == ["f.vector"]
    values = records(5, 3, 2, ill=True)
    expected = replayed(folder, values)
    now = written(folder, "now.jsonl", values)
    assert run(["replay", "-c", config, f"p={now}", f"f={now}", "--statistics", str(folder / "f.csv")]) == 0
    found: dict[tuple[str, str], list[float]] = defaultdict(list)
    for row in csv.DictReader((folder / "f.csv").read_text("utf-8").splitlines()):
        if row["slice"] == "all" and row["value"]:
            found[row["statistic"], row["feature"]].append(float(row["value"]))
    compared = [key for key in expected if key[1].startswith(("f.vector", "far", "rest", "along"))]
    assert len(compared) > 50
    assert {key: found[key] for key in compared} == {key: expected[key] for key in compared}


def test_a_backtest_tells_when_another_encoder_would_be_found(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Calm history, then the same with neighbouring coordinates exchanged from its middle on."""
    calm = written(folder, "calm.jsonl", records(6, 6, 6))
    config = str(folder / "c.yaml")
    command = ["backtest", "-c", config, f"p={calm}", "--json"]
    assert run([*command, "--inject", "f.vector swap", "--inject", "f.vector missing 50 %"]) == 0
    was, turned_, gone = json.loads(capsys.readouterr().out)
    assert (was["alerts"], gone["alerts"]) == ([], [])
    (alert,) = turned_["alerts"]
    assert (alert["rule"], alert["field"]) == ("meaning", "rest")
    assert run([*command, "--inject", "f.vector shift 1"]) != 0
    assert "write `f.vector swap`" in capsys.readouterr().err
