"""What `predictions.class_scores` may say: scores of at least two classes of a multiclass model, under free names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from driftwatch.config.errors import Mistake
from driftwatch.config.marks import Path
from driftwatch.config.parts import Parts
from driftwatch.events.fields import canonical_text
from driftwatch.summaries.layout import OTHER, Task, class_score


def class_score_fields(parts: Parts, model: Path) -> list[str]:
    """Names of the fields that come of `class_scores`."""
    return [
        class_score(text) for name in _declared(parts, model) if (text := canonical_text(name)) is not None
    ]


def check_class_scores(parts: Parts, model: Path, features: list[str]) -> Iterator[Mistake]:
    """What the schema cannot see; `features` are the names that the file lists."""
    path, declared = (*model, "predictions", "class_scores"), _declared(parts, model)
    if not declared:
        return
    task = parts.text((*model, "task"))
    if task in (Task.BINARY, Task.REGRESSION):
        message = f"`class_scores` is for multiclass models, and this one is {task}"
        yield Mistake(
            path, message, "`score:` the dotted path of the model's number, and no `class_scores`", True
        )
    if len(declared) == 1:
        message = "one class alone has a score, and one against the rest needs them all"
        yield Mistake(path, message, "the scores of all classes, two at least", True)
    for name in declared:
        yield from _class(path, name, features)
    yield from _paths(path, {name: value for name, value in declared.items() if isinstance(value, str)})


def _paths(path: Path, declared: dict[str, str]) -> Iterator[Mistake]:
    """Each class has a path of its own, and none is an object that holds another's."""
    write = "the dotted path of this class's own score"
    seen: dict[str, str] = {}
    for name, value in declared.items():
        if (other := seen.setdefault(value, name)) != name:
            yield Mistake((*path, name), f"`{other}` and `{name}` have the same path", write)
        elif any(held.startswith(f"{value}.") for held in declared.values()):
            yield Mistake((*path, name), f"`{value}` holds the score of another class", write)


def _class(path: Path, name: str, features: list[str]) -> Iterator[Mistake]:
    if name == OTHER:
        message = f"`{OTHER}` stands for all classes that are not counted by name"
        yield Mistake((*path, name), message, "the name of a class, as decisions and labels have it", True)
    if class_score(name) in features:
        message = f"a feature is called `{class_score(name)}`, and so is the score of the class `{name}`"
        yield Mistake((*path, name), message, "another name for the feature: `features: {name: PATH}`", True)


def _declared(parts: Parts, model: Path) -> dict[str, object]:
    declared = parts.value((*model, "predictions", "class_scores"))
    return cast("dict[str, object]", declared) if isinstance(declared, dict) else {}
