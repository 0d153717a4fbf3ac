"""The benchmarks: `python -m tests.benchmarks --output FILE [--only KEY] [--seconds S]`; every figure with its goal."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.benchmarks.core_cost import slices_cost_ratio, window_length_cost_ratio
from tests.benchmarks.evidence_tick import evidence_tick_ms
from tests.benchmarks.figure import Figure, show
from tests.benchmarks.imports import import_s
from tests.benchmarks.kafka_to_metrics import Bench, ratio_figure, rss_figure
from tests.benchmarks.labels_joined import labels_joined
from tests.benchmarks.machine import machine
from tests.benchmarks.statistics_cost import statistics_rows_per_s, statistics_tick_ms
from tests.benchmarks.summaries import summaries_rows_per_s
from tests.integration.broker import Broker

ALONE: dict[str, Callable[[float], Figure]] = {
    "import_s": import_s,
    "summaries_rows_per_s": summaries_rows_per_s,
    "window_length_cost_ratio": window_length_cost_ratio,
    "slices_cost_ratio": slices_cost_ratio,
    "statistics_tick_ms": statistics_tick_ms,
    "statistics_rows_per_s": statistics_rows_per_s,
    "labels_joined_per_s": labels_joined,
    "evidence_tick_ms": evidence_tick_ms,
}
WITH_BROKER: dict[str, Callable[[Bench], Figure]] = {
    "kafka_to_metrics_ratio": ratio_figure(
        "kafka_to_metrics_ratio",
        "kafka-python",
        1.3,
        "records/s, broker to metrics; bare: stock kafka-python poll(5000) + msgspec",
    ),
    "rss_mib": rss_figure,
    "kafka_to_metrics_confluent_ratio": ratio_figure(
        "kafka_to_metrics_confluent_ratio",
        "confluent",
        0.5,
        "records/s, broker to metrics; bare: confluent consume(5000), same settings, + msgspec",
    ),
}
KEYS = (*ALONE, *WITH_BROKER)


def measured(keys: list[str], seconds: float) -> Iterator[Figure]:
    """The figures of these keys, one after the other; the broker runs only while it is needed."""
    for key in keys:
        if key in ALONE:
            yield ALONE[key](seconds)
    wanted = [key for key in keys if key in WITH_BROKER]
    if wanted:
        with Broker() as kafka:
            bench = Bench(kafka, seconds)
            for key in wanted:
                yield WITH_BROKER[key](bench)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--output", type=Path, help="write figures and facts about the machine as JSON")
    parser.add_argument("--only", action="append", choices=KEYS, help="only this figure (can be repeated)")
    parser.add_argument("--seconds", type=float, default=60.0, help="steady state of each run (default: 60)")
    asked = parser.parse_args()
    facts = machine()
    figures: list[Figure] = []
    for figure in measured(list(asked.only or KEYS), asked.seconds):
        print(f"{figure.key}: {figure.value:,.3f} {figure.unit}", flush=True)
        figures.append(figure)
    show(figures)
    if asked.output:
        asked.output.parent.mkdir(parents=True, exist_ok=True)
        found = {"machine": facts, "seconds": asked.seconds, "figures": [f.as_json() for f in figures]}
        asked.output.write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
