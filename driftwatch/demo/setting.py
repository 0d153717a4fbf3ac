"""The setting of the demonstration: a folder with configuration, secrets and the reference, as a user would write them."""

from __future__ import annotations

import base64
import secrets
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Final

import numpy as np

from driftwatch.config.load import load
from driftwatch.demo.model import Model
from driftwatch.demo.receiver import RETRAIN_PATH, SLACK_PATH
from driftwatch.demo.records import (
    LABELS_TOPIC,
    MODEL,
    PREDICTIONS_TOPIC,
    Outgoing,
    label_records,
    prediction_records,
)
from driftwatch.demo.world import FEATURES, Loans
from driftwatch.events.classes import Stream
from driftwatch.events.records import Partition, RecordBatch
from driftwatch.events.spec import MINUTE_MS
from driftwatch.events.times import format_duration
from driftwatch.monitor.plan import subject_of
from driftwatch.monitor.spec import ModelSpec
from driftwatch.references.build import build
from driftwatch.references.codec import encode
from driftwatch.telemetry.spec import HttpSpec

REFERENCE: Final = "credit-default-1.ref"
SLIDE_MS: Final = 10 * MINUTE_MS
_TEMPLATE: Final = Template("""\
# What `driftwatch demo` watches. Event time runs far faster than the clock on the wall.
kafka: {bootstrap_servers: ["$bootstrap_servers"], group_id: driftwatch-demo, api_version: [2, 3]}

models:
  - name: $model
    task: binary
    reference:
      - {version: "1", path: $reference}
      - {version: "*", learn: 2h}
    predictions: {topic: $predictions, id: request_id, time: ts, version: model.version, score: output.probability, features: features}
    labels: {topic: $labels, id: request_id, time: ts, label: defaulted, lateness: 1m, max_delay: 6h}
    slices: [country, channel]
    windows: [{size: 1h, slide: $slide}]
    join_within: 1m
    rules:
      - {name: inputs moved, when: psi > 0.2 for 3 panes, slices: ["country=*"], features: [$features]}
      - {name: accuracy fell, when: accuracy_decay.lower > 0.05 for 3 panes}

alerting: {${budget}external_url: "$url"}

endpoints:
  - {name: ml-oncall, type: slack, url: "$slack", allow_networks: [127.0.0.0/8]}
  - {name: retrain, type: webhook, url: "$retrain", secret: {file: hook.secret}, on: [retrain], allow_networks: [127.0.0.0/8]}

state: {directory: state, commit_every: 250ms}
http: {host: 127.0.0.1, port: $port, token: {file: api.token}}
""")


@dataclass(frozen=True, slots=True)
class Setting:
    """Everything on disk that the daemon is started with, and what the demonstration must know of it."""

    configuration: Path
    url: str
    """Of the daemon's HTTP port."""
    token: str
    """For acknowledging."""
    secrets: tuple[str, ...]
    """What no log may show."""


def prepare(
    folder: Path,
    bootstrap_servers: str,
    receiver_url: str,
    key: bytes,
    accepted: tuple[Loans, Model],
    now_ms: int,
    budget: str = "",
) -> Setting:
    """Write the folder; `budget` goes into `alerting`, with a comma behind it.

    `key` signs retraining requests; the loans in `accepted`, as that model predicts them, become its reference.
    """
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    token, secret = secrets.token_urlsafe(24), "whsec_" + base64.b64encode(key).decode()
    _write_secret(folder / "api.token", token)
    _write_secret(folder / "hook.secret", secret)
    configuration = folder / "driftwatch.yaml"
    text = _TEMPLATE.substitute(
        bootstrap_servers=bootstrap_servers,
        model=MODEL,
        budget=budget,
        features=", ".join(FEATURES),
        reference=REFERENCE,
        slide=format_duration(SLIDE_MS),
        predictions=PREDICTIONS_TOPIC,
        labels=LABELS_TOPIC,
        url=url,
        slack=receiver_url + SLACK_PATH,
        retrain=receiver_url + RETRAIN_PATH,
        port=port,
    )
    configuration.write_text(text, encoding="utf-8")
    (spec,) = load(configuration, outside=False).configuration.models
    (folder / REFERENCE).write_bytes(reference(spec, *accepted, now_ms))
    return Setting(configuration, url, token, (token, secret))


def reference(spec: ModelSpec, accepted: Loans, model: Model, now_ms: int) -> bytes:
    """The bytes of the reference that `driftwatch reference build` would make of these loans' records."""
    ids = [f"accepted-{i}" for i in range(len(accepted))]
    predictions = prediction_records(accepted, ids, model.version, model.probability(accepted))
    batches = [
        (Stream.PREDICTIONS, _batch(PREDICTIONS_TOPIC, predictions)),
        (Stream.LABELS, _batch(LABELS_TOPIC, label_records(accepted, ids))),
    ]
    built = build(
        subject_of(spec),
        lambda: batches,
        version=model.version,
        source="a day of accepted loans",
        created_ms=now_ms,
    )
    return encode(built.reference)


def free_port() -> int:
    """The daemon's usual port on 127.0.0.1, or any free one where that is taken."""
    for wanted in (HttpSpec().port, 0):
        with socket.socket() as tried:
            try:
                tried.bind(("127.0.0.1", wanted))
            except OSError:
                continue
            return int(tried.getsockname()[1])
    raise OSError("no free port on 127.0.0.1")


def _batch(topic: str, records: Iterable[Outgoing]) -> RecordBatch:
    records = list(records)
    return RecordBatch(
        partition=Partition(topic, 0),
        offsets=np.arange(len(records), dtype=np.int64),
        timestamps_ms=np.array([record.time_ms for record in records], np.int64),
        values=[record.value for record in records],
        next_offset=len(records),
    )


def _write_secret(path: Path, secret: str) -> None:
    path.touch(mode=0o600)
    path.write_text(secret + "\n", encoding="utf-8")
