"""The answer of /api/v1/status as people read it."""

from __future__ import annotations

from typing import Any

from driftwatch.cli.paper import Paper, count, size
from driftwatch.errors import DriftwatchError


def show(answer: Any, address: str, paper: Paper) -> None:
    """Readiness first, then models with their windows, partitions, endpoints; DriftwatchError for a strange answer."""
    try:
        _show(answer, address, paper)
    except (KeyError, TypeError, AttributeError) as error:
        raise DriftwatchError(
            f"{address} answers in a form that this version does not know ({type(error).__name__}: {error}): use --json"
        ) from None


def _show(answer: Any, address: str, paper: Paper) -> None:
    state = "ready" if answer["ready"] else "standing by" if answer["standing_by"] else "not ready"
    paper.line(
        f"{address}: {state}, driftwatch {answer['version']}, configuration {answer['config_hash'][:16]}"
    )
    for name, reason in answer["reasons"].items():
        paper.line(f"  {name}: {reason}")
    took = f"{answer['last_commit_duration_s'] * 1_000:.0f} ms"
    paper.line(
        f"  commit {count(answer['commit'])} at {answer['last_commit'] or 'never'} ({took}, "
        f"{size(answer['checkpoint_bytes'])}), {count(answer['open_panes'])} open panes"
    )
    for model in answer["models"]:
        _model(model, paper)
    if answer["partitions"]:
        paper.heading("partitions")
        paper.table(
            ["topic", "#partition", "#next offset", "#lag", ""],
            [
                [
                    p["topic"],
                    str(p["partition"]),
                    count(p["offset"]),
                    _lag(p["lag"]),
                    "idle" if p["idle"] else "",
                ]
                for p in answer["partitions"]
            ],
        )
    if answer["endpoints"]:
        paper.heading("endpoints")
        paper.table(
            ["endpoint", "#pending", "last delivered", "last failure", "disabled"],
            [
                [
                    e["endpoint"],
                    count(e["pending"]),
                    e["last_delivered"] or "never",
                    e["last_failure"],
                    e["disabled"],
                ]
                for e in answer["endpoints"]
            ],
        )


def _model(model: Any, paper: Paper) -> None:
    paper.heading(f"model {model['model']} ({model['task']}): {model['verdict']}, {model['alerts']} alerts")
    paper.table(
        ["version", "verdict", "stream", "window", "until", "#events"],
        [
            [v["version"], v["verdict"], w["stream"], w["window"], w["end"], count(w["events"])]
            for v in model["versions"]
            for w in v["windows"]
        ],
    )
    for stream, classes in model["classes"].items():
        told = ", ".join(f"{name} {count(records)}" for name, records in classes.items() if records)
        paper.line(f"  {stream}: {told or 'no records'}")


def _lag(lag: int | None) -> str:
    return "unknown" if lag is None else count(lag)
