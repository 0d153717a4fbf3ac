from dataclasses import replace

import numpy as np

from driftwatch.drift.catalogue import read
from driftwatch.drift.reasons import Reason
from driftwatch.events.classes import Stream
from driftwatch.monitor.snapshot import IssueView
from driftwatch.telemetry.pages import sections, sight
from tests.drift import counting as c
from tests.telemetry import pictures
from tests.telemetry.lender import lender
from tests.telemetry.markup import Seen


def look(slice_: str = "all"):
    found = sight.look(lender().model, slice_=slice_)
    assert found is not None
    return found


def bare():
    found = sight.look(pictures.model_view(pictures.version_view(pictures.reading(pictures.layout()))))
    assert found is not None
    return found


def test_the_reliability_diagram_has_a_row_per_cell() -> None:
    seen = Seen(sections.reliability(look("country=PT")))
    assert seen.labels[0].startswith("Reliability diagram over ")
    assert "Mean score Came true Reference Labels" in seen.words


def of_classes(classes: int) -> sight.Sight:
    """A multiclass model of which the first class's scores are far too high."""
    scores, decided, labels = c.scored(np.random.default_rng(1), 900, classes)
    scores[:, 0] = np.minimum(1, scores[:, 0] + 0.4)
    pair = c.class_labels((scores, decided, labels))
    shown = replace(
        pictures.reading(pictures.layout()),
        stream=Stream.LABELS,
        layout=pair.layout,
        labels=(pair.reference, pair.current),
        estimates=read(pair),
        events=np.array([900]),
    )
    found = sight.look(pictures.model_view(pictures.version_view(shown, rules=False)))
    assert found is not None
    return found


def test_the_least_calibrated_classes_are_drawn_and_the_rest_is_counted() -> None:
    few, many = sections.class_reliability(of_classes(3)), sections.class_reliability(of_classes(8))
    assert few is not None
    assert many is not None
    seen = Seen(few)
    assert len(seen.labels) == 3
    assert seen.labels[0].startswith("Reliability diagram of class a over 900 labels")
    assert "a: calibration error 0.40" in seen.words
    assert "not shown" not in seen.words
    assert len(Seen(many).labels) == 6
    assert "Nearer to the diagonal, not shown: 2 of 8 classes." in Seen(many).words
    assert sections.class_reliability(look()) is None, "a binary model has one score"


def test_the_decided_classs_diagram_has_none_of_theirs() -> None:
    assert "No labelled scores in this window." in Seen(sections.reliability(of_classes(3))).words


def test_evidence_is_drawn_nearest_to_its_limit_first() -> None:
    seen = Seen(sections.evidence(look()))
    assert "performance (page): 7 streams, 7 fire" in seen.words
    shares = [int(word) for word in seen.words.split(" % ")[0].split()[-1:]]
    assert shares[0] >= 90


def test_labels_say_how_many_have_come() -> None:
    seen = Seen(sections.labels(look()))
    assert "2026-03-01" in seen.labels[0]
    assert "labels for" in seen.labels[0]


def test_the_slices_that_became_worse_are_named() -> None:
    words = Seen(sections.worst_slices(look())).words
    assert words.count("Worse") >= 4
    assert "country=ES" in words


def test_where_nothing_is_known_each_says_so() -> None:
    for section in (
        sections.reliability,
        sections.evidence,
        sections.labels,
        sections.worst_slices,
        sections.quality,
    ):
        seen = Seen(section(bare()))
        assert seen.labels == []
        assert seen.words


def test_broken_data_is_named_with_its_example() -> None:
    found = bare()
    issue = IssueView(Stream.PREDICTIONS, Reason.RENAMED_FIELD, "age", 1.0, 9, "Age → <age>", 0, alerts=True)
    shown = replace(found, version=replace(found.version, quality=(issue,)))
    assert "renamed field age 100.0% Age → <age>" in Seen(sections.quality(shown)).words
