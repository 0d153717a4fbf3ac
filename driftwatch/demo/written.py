"""The demonstration as files: configuration, reference and a day and a half of history, to try the command line on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final

from driftwatch.demo.feed import TRAINING_MS, first_model
from driftwatch.demo.records import LABELS_TOPIC, PREDICTIONS_TOPIC
from driftwatch.demo.setting import prepare
from driftwatch.demo.traffic import Traffic
from driftwatch.demo.world import STEP_MS, World
from driftwatch.events.spec import DAY_MS

SEED: Final = 20_240
HISTORY_MS: Final = 3 * DAY_MS // 2
GROSS_AFTER_MS: Final = 9 * DAY_MS // 8
"""From here on Portugal's incomes arrive gross."""
DOWNTURN_AFTER_MS: Final = 5 * DAY_MS // 4
"""From here on the model's errors grow."""
BROKER: Final = "localhost:9092"
_ENDPOINTS: Final = "http://localhost:8080"


def write(folder: Path, now_ms: int) -> str:
    """Write the folder, which must be new or empty; answers what can be asked now, for people.

    The history ends a whole number of minutes before `now_ms`; equal minutes give equal files, but for secrets.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise FileExistsError(f"{folder} is not empty")
    start_ms = (now_ms - HISTORY_MS) // STEP_MS * STEP_MS
    trained_ms = start_ms - 2 * TRAINING_MS
    calm = World(SEED, per_minute=15.0)
    model, accepted = first_model(calm, trained_ms), calm.stretch(trained_ms, start_ms)
    prepare(
        folder, BROKER, _ENDPOINTS, b"a key of nobody, 32 bytes long..", (accepted, model), now_ms, BUDGET
    )
    world = replace(
        calm, gross_from_ms=start_ms + GROSS_AFTER_MS, downturn_from_ms=start_ms + DOWNTURN_AFTER_MS
    )
    with (
        (folder / f"{PREDICTIONS_TOPIC}.jsonl").open("wb") as predictions,
        (folder / f"{LABELS_TOPIC}.jsonl").open("wb") as labels,
    ):
        files = {PREDICTIONS_TOPIC: predictions, LABELS_TOPIC: labels}
        for record in Traffic(world, model, start_ms, "written").advance(start_ms + HISTORY_MS):
            files[record.topic].write(record.value + b"\n")
    return _ASK.format(folder=folder, predictions=PREDICTIONS_TOPIC, labels=LABELS_TOPIC)


BUDGET: Final = "budget: 1 per week, "
_ASK: Final = """\
{folder} has a configuration, a reference and a day and a half of history. Ask:

    driftwatch explain -c {folder}/driftwatch.yaml
    driftwatch backtest -c {folder}/driftwatch.yaml {predictions}={folder}/{predictions}.jsonl {labels}={folder}/{labels}.jsonl
"""
