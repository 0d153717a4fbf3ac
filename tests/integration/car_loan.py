"""The car-loan data as a producer would send it: two topics, late and shuffled labels, duplicates and garbage."""

from __future__ import annotations

import csv
import gzip
import json
import random
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

DATA = Path(__file__).parents[3] / "shared" / "data"
FEATURES = [
    "car_value",
    "salary_range",
    "debt_to_income_ratio",
    "loan_length",
    "repaid_loan_on_prev_car",
    "size_of_downpayment",
    "driver_tenure",
]
NUMBERS = {"car_value", "debt_to_income_ratio", "loan_length", "driver_tenure", "y_pred_proba"}
HOUR = 3_600_000
DAY = 24 * HOUR
PARTITIONS = 4
GARBAGE = (b"\xff\xfe{", b'{"id": 1, "timest', b"[1, 2]", b"", b"null", b'{"id": {}}', b"[" * 2_000)


@dataclass
class Sent:
    """What lies in the topics, in the order in which it was sent, and what must come of it."""

    predictions: list[tuple[int, int, bytes | None]] = field(default_factory=list)
    """(partition, record timestamp, value)"""
    labels: list[tuple[int, int, bytes | None]] = field(default_factory=list)
    rows: list[dict[str, Any]] = field(default_factory=list)
    """Each prediction once, with `time_ms`, `label` and `label_ms`."""
    duplicates: int = 0
    garbage: int = 0


def rows(name: str) -> list[dict[str, str]]:
    with gzip.open(DATA / f"car_loan_{name}.csv.gz", "rt", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def sent(seed: int = 1) -> Sent:
    """2 % of the predictions come twice, 1 % of all records are garbage; labels come up to 5 days late, shuffled."""
    rng, made = random.Random(seed), Sent()
    labels = {row["id"]: int(row["repaid"]) for row in rows("labels")}
    for row in rows("analysis"):
        when = datetime.fromisoformat(row["timestamp"]).replace(tzinfo=UTC)
        time_ms = round(when.timestamp() * 1_000)
        partition = int(row["id"]) % PARTITIONS
        record = {k: float(v) if k in NUMBERS else v for k, v in row.items()}
        record |= {"id": int(row["id"]), "y_pred": int(row["y_pred"])}
        value = json.dumps(record).encode()
        made.predictions.append((partition, time_ms, value))
        if rng.random() < 0.02:
            made.duplicates += 1
            made.predictions.append((partition, time_ms, value))
        label_ms = time_ms + int(min(rng.expovariate(1 / (12 * HOUR)), 5 * DAY))
        made.rows.append(record | {"time_ms": time_ms, "label": labels[row["id"]], "label_ms": label_ms})
    for record in sorted(made.rows, key=lambda r: r["label_ms"] + rng.randrange(6 * HOUR)):
        known_at = datetime.fromtimestamp(record["label_ms"] / 1_000, UTC).isoformat()
        label = {"id": str(record["id"]), "repaid": record["label"], "known_at": known_at}
        made.labels.append((record["id"] % PARTITIONS, record["label_ms"], json.dumps(label).encode()))
    made.garbage += _spoil(made.predictions, rng) + _spoil(made.labels, rng)
    return made


def _spoil(records: list[tuple[int, int, bytes | None]], rng: random.Random) -> int:
    count = len(records) // 100
    for _ in range(count):
        place = rng.randrange(len(records))
        partition, time_ms, _ = records[place]
        records.insert(place, (partition, time_ms, rng.choice((*GARBAGE, None))))
    return count


def configuration(
    bootstrap: str, reference: Path, state: Path, hook: str, secret: Path, port: int
) -> dict[str, Any]:
    return {
        "kafka": {"bootstrap_servers": [bootstrap], "group_id": "car-loan", "idle_timeout": "3s"},
        "models": [
            {
                "name": "car-loan",
                "task": "binary",
                "reference": str(reference),
                "predictions": {
                    "topic": "predictions",
                    "id": "id",
                    "time": "timestamp",
                    "score": "y_pred_proba",
                    "decision": "y_pred",
                    "features": FEATURES,
                },
                "labels": {
                    "topic": "labels",
                    "id": "id",
                    "time": "known_at",
                    "label": "repaid",
                    "max_delay": "30d",
                    "lateness": "1d",
                },
                "slices": ["salary_range"],
                "origin": "2018-10-30T18:00:00Z",
                "windows": [
                    {"size": "30d", "slide": "1d"},
                    {"size": "400d", "slide": "1d", "name": "everything"},
                ],
                "rules": [
                    {"name": "inputs moved", "when": "psi > 0.25", "windows": ["30d"], "slices": ["*"]},
                    {"name": "accuracy fell", "when": "accuracy_decay.lower > 0.01", "windows": ["30d"]},
                ],
                "retraining": {"cool_down": "30d"},
            }
        ],
        "endpoints": [
            {
                "name": "hook",
                "url": hook,
                "secret": {"file": str(secret)},
                "on": ["alert", "retrain"],
                "allow_networks": ["127.0.0.0/8"],
            }
        ],
        "state": {"directory": str(state), "commit_every": "200ms"},
        "http": {"host": "127.0.0.1", "port": port},
        "telemetry": {"log_format": "json"},
    }
