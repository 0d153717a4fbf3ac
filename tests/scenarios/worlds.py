"""The models that are simulated, each with its reference and its configuration in the plain model's numbers."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Final

from driftwatch.alerts.messages import About
from driftwatch.events.classes import Stream
from driftwatch.events.spec import StreamSpec
from driftwatch.monitor.plan import Choice, ModelPlan
from driftwatch.monitor.spec import ModelSpec
from tests.monitor.drive import built
from tests.scenarios.plain_rules import Rules, StreamRules

MINUTE: Final = 60_000
START: Final = 1_700_000_160_000 // (16 * MINUTE) * (16 * MINUTE)
TIME: Final = {"path": "ts", "unit": "ms"}
ESTABLISHED: Final = 6
"""Events in a closed pane that establish a version here; the product's 100 would need long logs."""
LEARNED_MIN: Final = 8
"""Events that make a reference here."""

_PREDICTIONS: Final[dict[str, Any]] = {
    "topic": "p",
    "id": "id",
    "time": TIME,
    "version": "v",
    "score": "score",
    "features": ["x", "kind"],
    "lateness": "2m",
}
_LABELS: Final[dict[str, Any]] = {
    "topic": "l",
    "id": "id",
    "time": TIME,
    "label": "y",
    "lateness": "3m",
    "max_delay": "16m",
}
_FEATURES: Final[dict[str, Any]] = {
    "topic": "f",
    "id": "id",
    "time": TIME,
    "features": ["x"],
    "lateness": "1m",
}
_MODEL: Final[dict[str, Any]] = {
    "name": "m",
    "task": "binary",
    "reference": [{"path": "m.ref", "version": "[0-9]*"}],
    "predictions": _PREDICTIONS,
    "labels": _LABELS,
    "slices": ["country"],
    "windows": [{"size": "8m", "slide": "4m"}],
    "join_within": "1m",
    "statistics": {"min_events": 5},
    "cells": {"cells": 8, "coarse": 4},
}
_RULES: Final = [
    {"name": "moved", "when": "psi > 0.2", "slices": ["*"]},
    {"name": "worse", "when": "accuracy_decay > 0.05 for 2 panes"},
    {"name": "empty", "when": "missing_share > 0.02 for 2 panes"},
]
"""Loud enough for logs of a few dozen records."""
JUDGED: Final = ("psi", "accuracy_decay", "missing_share")
"""The statistics that these look at; computing all of them for each window would take most of the time."""


_TWIN: Final = "their twin"
UNWRITTEN: Final = "few outstanding"
"""Its limit is smaller than a configuration may say."""


@dataclass(frozen=True)
class World:
    """A model, how the product is to watch it, and how the plain model is told of it."""

    name: str
    plan: ModelPlan
    rules: Rules
    beside: World | None = None
    """Another model over the same topics: neither may disturb the other."""
    variants: tuple[World, ...] = ()
    """The same with other references and, where it has any, class scores in another order or of one class more: what a
    reload may change (E9)."""

    @property
    def topics(self) -> list[str]:
        """The topics that hold its streams."""
        return sorted({stream.topic for stream in self.rules.streams.values()})

    @property
    def alone(self) -> World:
        """Without its neighbour."""
        return replace(self, beside=None, variants=tuple(replace(v, beside=None) for v in self.variants))

    @property
    def models(self) -> list[World]:
        """All models of the daemon."""
        return [self, *(self.beside.models if self.beside else [])]


def _with(of: Mapping[str, Any], **changed: Any) -> dict[str, Any]:
    return {key: value for key, value in {**of, **changed}.items() if value is not None}


_CLASS_SCORED: Final = {
    "class scores": _with(
        _MODEL,
        task="multiclass",
        predictions=_with(
            _PREDICTIONS, decision="d", version=None, class_scores={"red": "p_red", "blue": "p_blue"}
        ),
        reference=[{"path": "m.ref"}],
        labels=_with(_LABELS, sample=0.9),
    ),
    "class scores alone await features": _with(
        _MODEL,
        task="multiclass",
        predictions=_with(
            _PREDICTIONS,
            decision="d",
            score=None,
            features=None,
            class_scores={"blue": "p_blue", "red": "p_red"},
        ),
        features=_with(_FEATURES, features=["x", "country"], version="v"),
    ),
    "class scores with their labels": _with(
        _MODEL,
        task="multiclass",
        predictions=_with(
            _PREDICTIONS, decision="d", label="y", class_scores={"red": "p_red", "violet": "p_violet"}
        ),
        labels=None,
    ),
}
_REORDERED: Final = (
    {"blue": "p_blue", "red": "p_red"},
    {"violet": "p_violet", "red": "p_red", "blue": "p_blue"},
)
"""What a reload makes of the classes of the first of these."""
_WRITTEN: Final[dict[str, dict[str, Any]]] = {
    "binary": _with(_MODEL, slices=["country", ["country", "kind"]]),
    "windows": _with(
        _MODEL,
        windows=[
            {"size": "8m", "slide": "4m"},
            {"size": "16m", "slide": "8m"},
            {"size": "4m", "slide": "4m"},
        ],
        rules=_RULES,
    ),
    "predictions await features": _with(
        _MODEL,
        predictions=_with(_PREDICTIONS, features=None),
        features=_with(_FEATURES, features=["x", "country"], version="v"),
    ),
    "features await predictions": _with(
        _MODEL, predictions=_with(_PREDICTIONS, features=["kind"]), features=_FEATURES
    ),
    "both wait on one topic": _with(
        _MODEL,
        predictions=_with(_PREDICTIONS, topic="all", where={"t": "p"}, features=None),
        features=_with(_FEATURES, topic="all", where={"t": "f"}, features=["x", "seg"]),
        labels=_with(_LABELS, topic="all", where={"t": "l"}),
        slices=["country", "seg", ["country", "seg"]],
    ),
    "own labels": _with(_MODEL, predictions=_with(_PREDICTIONS, label="y"), labels=None),
    "own labels await features": _with(
        _MODEL,
        predictions=_with(_PREDICTIONS, label="y", features=None, version=None),
        features=_with(_FEATURES, features=["x", "country"]),
        labels=None,
        reference=[{"path": "m.ref"}],
    ),
    "multiclass": _with(
        _MODEL,
        task="multiclass",
        predictions=_with(_PREDICTIONS, decision="d", version=None),
        reference=[{"path": "m.ref"}],
    ),
    "regression": _with(_MODEL, task="regression", slices=[]),
    "no ids, record time": _with(
        _MODEL, predictions=_with(_PREDICTIONS, id=None, time=None), labels=None, slices=["country"]
    ),
    "half a sample": _with(_MODEL, labels=_with(_LABELS, sample=0.5)),
    UNWRITTEN: _with(_MODEL),
    "two models": _with(_MODEL),
    _TWIN: _with(
        _MODEL,
        name="twin",
        predictions=_with(_PREDICTIONS, lateness="30s"),
        labels=None,
        windows=[{"size": "4m", "slide": "2m"}],
    ),
    "learning": _with(_MODEL, reference=[{"learn": "6m", "version": "[0-9]*"}]),
    **_CLASS_SCORED,
}
_OUTSTANDING_MAX: Final = 12


def record(rng: random.Random, number: int, time_ms: int, *, drifted: bool = False) -> dict[str, Any]:
    """All that some world reads of an event; what a stream does not carry is taken out by `carried`."""
    score = rng.random()
    odd = {3: None, 5: "odd", 7: 1.5, 8: -0.25}
    return {
        "p_red": odd.get(number % 17, round(score * 7 % 1, 3)),
        "p_blue": odd.get(number % 13, round(score * 11 % 1, 3)),
        "p_violet": odd.get(number % 11, round(score * 13 % 1, 3)),
        "id": f"id-{number}",
        "ts": time_ms,
        "v": "1",
        "score": round(score, 4),
        "d": rng.choice(["red", "green", "blue"]),
        "x": round(rng.gauss(2.0 if drifted else 0.0, 1.0), 3),
        "kind": rng.choice("abc"),
        "country": rng.choice(["PT", "DE", "FR"]),
        "seg": rng.choice(["s", "t"]),
        "y": int(rng.random() < score),
    }


def truth(world: World, prediction: Mapping[str, Any], rng: random.Random) -> Any:
    """A label as the world's task has it."""
    if world.rules.task == "multiclass":
        return rng.choice(["blue", "red", "violet"])
    if world.rules.task == "regression":
        score = prediction["score"]
        return round((score if isinstance(score, float) else 0.5) + rng.choice([0.0, 0.25, -0.5, 9.0]), 4)
    return prediction["y"]


def carried(rules: StreamRules, stream: str, full: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of one stream."""
    keys = {"id", rules.time, rules.version, rules.score, rules.decision, rules.label}
    keys |= {*rules.features, *rules.slices, *(key for _, key in rules.class_scores)}
    found = {key: value for key, value in full.items() if key in keys}
    return found | {key: stream[0] for key, _ in rules.where}


@cache
def world(name: str) -> World:
    """A world by its name; its reference is built once."""
    written = dict(_WRITTEN[name])
    spec = ModelSpec.model_validate(written)
    if name == UNWRITTEN:
        assert spec.labels is not None
        small = spec.labels.model_copy(update={"max_outstanding": _OUTSTANDING_MAX})
        spec = spec.model_copy(update={"labels": small})
    future_ms, jump_ms = 3 * MINUTE, 30 * MINUTE
    choices: list[Choice] = []
    for declared in spec.references:
        reference = None if declared.learn is not None else built(spec, _accepted(spec))
        choices.append(Choice(declared.version, reference, declared.learn))
    plan = ModelPlan(spec, tuple(choices), About("http://localhost"), future_ms, jump_ms)
    beside = world(_TWIN) if name == "two models" else None
    variants = [
        replace(plan, spec=of, choices=tuple(_other(of, choice, seed) for choice in choices))
        for seed, of in zip((8, 9), _variants(name, spec), strict=True)
        if name not in (_TWIN, "learning")
    ]
    made = (World(name, other, _rules(other), beside) for other in variants)
    return World(name, plan, _rules(plan), beside, tuple(made))


def _variants(name: str, spec: ModelSpec) -> list[ModelSpec]:
    if name != "class scores":
        return [spec, spec]
    others = (spec.predictions.model_copy(update={"class_scores": classes}) for classes in _REORDERED)
    return [spec.model_copy(update={"predictions": predictions}) for predictions in others]


def _other(spec: ModelSpec, choice: Choice, seed: int) -> Choice:
    return replace(choice, reference=built(spec, _accepted(spec, seed)))


WORLDS: Final = tuple(name for name in _WRITTEN if name != _TWIN and name not in _CLASS_SCORED)
"""Of these one is drawn; another one more would make other cases of all seeds."""
ASKED: Final = tuple(_CLASS_SCORED)
"""These are simulated where they are asked for."""


def _accepted(spec: ModelSpec, seed: int = 7) -> dict[Stream, Sequence[Mapping[str, Any]]]:
    """Records for the reference: 400 quiet ones."""
    rng = random.Random(seed)
    rules = _streams(spec)
    bare = Rules(spec.task.value, rules, (), (), 0, 0, 1, 0, 0, 1.0, 1)
    found: dict[Stream, list[Mapping[str, Any]]] = {Stream(stream): [] for stream in rules}
    for number in range(400):
        full = record(rng, number, START - 10**7 + number * 1_000)
        full["y"] = truth(World("", None, bare), full, rng)  # type: ignore[arg-type]
        for stream, of in rules.items():
            found[Stream(stream)].append(carried(of, stream, full) | {"ts": full["ts"]})
    return dict(found)


def _rules(plan: ModelPlan) -> Rules:
    spec = plan.spec
    within = spec.join_within
    streams = _streams(spec)
    max_delay = spec.labels.max_delay if spec.labels else 24 * 60 * MINUTE
    widest = max(within, *(s.lateness_ms for name, s in streams.items() if name != "labels"))
    return Rules(
        task=spec.task.value,
        streams=streams,
        windows=tuple((w.called, w.size, w.slide) for w in spec.windows),
        layouts=tuple((c.pattern, c.reference.layout if c.reference else None) for c in plan.choices),
        join_within_ms=within,
        max_delay_ms=max_delay,
        generation_ms=max(max_delay // 16, widest),
        max_future_ms=plan.max_future_ms,
        max_jump_ms=plan.max_jump_ms,
        sample=spec.labels.sample if spec.labels else 1.0,
        established=ESTABLISHED,
    )


def _streams(spec: ModelSpec) -> dict[str, StreamRules]:
    own = {column for column in spec.slice_columns if spec.features and column in spec.features.features}
    made = {"predictions": _stream(spec.predictions, spec.predictions.lateness)}
    made["predictions"] = replace(
        made["predictions"], slices=tuple(column for column in spec.slice_columns if column not in own)
    )
    if spec.features is not None:
        columns = tuple(column for column in spec.slice_columns if column in own)
        made["features"] = replace(_stream(spec.features, spec.features.lateness), slices=columns)
    if spec.labels is not None:
        assert spec.labels.lateness is not None
        made["labels"] = _stream(spec.labels, spec.labels.lateness)
    return made


def _stream(spec: StreamSpec, lateness_ms: int) -> StreamRules:
    features = getattr(spec, "features", None) or ()
    return StreamRules(
        topic=spec.topic,
        lateness_ms=lateness_ms,
        keyed=spec.id is not None,
        time="ts" if spec.time is not None else None,
        version=getattr(spec, "version", None),
        score=getattr(spec, "score", None),
        decision=getattr(spec, "decision", None),
        label=getattr(spec, "label", None),
        where=tuple((key, str(value)) for key, value in spec.where.items()),
        features=tuple(features),
        class_scores=tuple(getattr(spec, "class_scores", {}).items()),
    )
