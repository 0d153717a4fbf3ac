"""The tables of docs/sizing.md, from the formula that `driftwatch check` prints: `python -m tests.docs.sizes`."""

from __future__ import annotations

from typing import Any

from driftwatch.config.costs import filter_bytes, join_disk_bytes
from driftwatch.config.plan import Plan, plan
from driftwatch.config.spec import Configuration
from driftwatch.events.joins import LABEL_ROW, PREDICTION_ROW, class_score_row

MIB = 2**20
PARTITIONS = 4
SHAPES: dict[str, tuple[int, list[Any], list[dict[str, str]], int]] = {
    "10 features, all traffic, 1 h": (10, [], [{"size": "1h", "slide": "5m"}], 100_000),
    "20 features, one slice dimension, 1 h": (20, ["country"], [{"size": "1h", "slide": "5m"}], 1_000_000),
    "20 features, one slice dimension, 1 h and 1 d": (
        20,
        ["country"],
        [{"size": "1h", "slide": "5m"}, {"size": "1d", "slide": "1h"}],
        1_000_000,
    ),
    "20 features, two and their crossing, 1 h and 1 d": (
        20,
        ["country", "channel", ["country", "channel"]],
        [{"size": "1h", "slide": "5m"}, {"size": "1d", "slide": "1h"}],
        10_000_000,
    ),
    "100 features, one slice dimension, 1 d": (100, ["country"], [{"size": "1d", "slide": "1h"}], 1_000_000),
}
"""Features, slices, windows, remembered predictions."""


def costs(features: int, slices: list[Any], windows: list[dict[str, str]], outstanding: int) -> Plan:
    """What a configuration of this shape costs."""
    names = [f"f{i}" for i in range(features)]
    configuration = Configuration.model_validate(
        {
            "kafka": {"bootstrap_servers": ["kafka:9092"]},
            "models": [
                {
                    "name": "m",
                    "task": "binary",
                    "reference": {"learn": "7d"},
                    "predictions": {"topic": "p", "id": "id", "time": "ts", "score": "s", "features": names},
                    "labels": {
                        "topic": "l",
                        "id": "id",
                        "time": "ts",
                        "label": "y",
                        "max_outstanding": outstanding,
                    },
                    "slices": slices,
                    "windows": windows,
                }
            ],
        }
    )
    return plan(configuration, {}, PARTITIONS)


def shapes() -> str:
    """Memory, disk and time series by shape."""
    lines = [
        "| shape | remembered predictions | memory, at most | of this while learning | usual | disk, at most | time series |"
    ]
    lines.append("|---|---|---|---|---|---|---|")
    for name, (features, slices, windows, outstanding) in SHAPES.items():
        found = costs(features, slices, windows, outstanding)
        lines.append(
            f"| {name} | {_count(outstanding)} | {found.memory_bytes / MIB:.0f} MiB"
            f" | {found.models[0].learning_bytes / MIB:.0f} MiB | {found.usual_bytes / MIB:.0f} MiB"
            f" | {found.disk_bytes / MIB:.0f} MiB | {_count(found.series)} |"
        )
    return "\n".join(lines)


def joins() -> str:
    """Memory and disk of a million remembered predictions, labels and class scores."""
    million = 1_000_000
    rows = {
        "a million remembered predictions": PREDICTION_ROW,
        "a million remembered labels": LABEL_ROW,
        "beside a million predictions, their scores of 3 classes": class_score_row(3),
        "beside a million predictions, their scores of 30 classes": class_score_row(30),
    }
    return "\n".join(
        f"| {name} | {(filter_bytes(million, row) - filter_bytes(0, row)) / 1e6:.1f} MB"
        f" | {join_disk_bytes(million, row) / 1e6:.0f} MB |"
        for name, row in rows.items()
    )


def _count(count: int) -> str:
    return f"{count:,}".replace(",", " ")


if __name__ == "__main__":
    print(shapes(), joins(), sep="\n\n")
