"""Embeddings in a reference: fitted on a bounded half, baselined on the other, in a part of its own too, and errors that say what to do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.stats import chi2, kstest

from driftwatch.drift.catalogue import read
from driftwatch.drift.reading import Pair
from driftwatch.errors import ReferenceFileError
from driftwatch.events.classes import Stream
from driftwatch.events.spec import FeaturesSpec, PredictionsSpec
from driftwatch.monitor.inspecting import rate_of
from driftwatch.references import embedding
from driftwatch.references.build import build
from driftwatch.references.codec import MAGIC, decode, encode
from driftwatch.references.embedding import fit_embedding
from driftwatch.references.reference import Reference
from driftwatch.references.spec import MultivariateSpec
from driftwatch.summaries.derived import DerivedKind
from driftwatch.summaries.layout import Part
from driftwatch.summaries.totals import events_of
from tests.references.records import HOUR_MS, START_MS, batches, subject

LENGTH = 6


def spec(kind: str = "mahalanobis", path: str = "f.v", **more: Any) -> MultivariateSpec:
    return MultivariateSpec.model_validate({"kind": kind, "embedding": path, **more})


def vectors(seed: int, events: int, length: int = LENGTH) -> np.ndarray:
    """Directions of different strength, turned."""
    strong = np.linalg.qr(np.random.default_rng(0).standard_normal((length, length)))[0]
    return (
        np.random.default_rng(seed).standard_normal((events, length)) * np.geomspace(4, 0.5, length) @ strong
        + 1.0
    )


def records(x: np.ndarray, **changes: Any) -> list[dict[str, Any]]:
    return [
        {"id": f"r{i}", "ts": START_MS + i * 60_000, "v": "1", "p": (i % 100) / 100, "country": "PT"}
        | {"f": {"a": i % 7, "v": row}}
        | changes
        for i, row in enumerate(x.tolist())
    ]


def built(rows: list[dict[str, Any]], **changes: Any) -> Reference:
    settings = {"labels": None, "multivariate": {"meaning": spec()}} | changes
    return build(subject(**settings), batches(predictions=rows), source="test", created_ms=0).reference


def part_of(reference: Reference, stream: Stream = Stream.PREDICTIONS) -> Part:
    part = reference.layout.part(stream)
    assert part is not None
    return part


def test_all_components_are_the_mahalanobis_distance() -> None:
    x = vectors(1, 20_000)
    made = fit_embedding("m", spec(), x)
    apart = x - x.mean(axis=0)
    expected = np.einsum("ni,ij,nj->n", apart, np.linalg.inv(np.cov(x.T, bias=True)), apart)
    assert made.reducer()(x)[:, 0] == pytest.approx(expected, rel=1e-8)
    assert kstest(made.reducer()(vectors(2, 5_000))[:, 0], chi2(LENGTH).cdf).pvalue > 0.01


@pytest.mark.parametrize(("events", "length"), [(900, 5), (90, 200)])  # by the covariance, by the Gram matrix
def test_few_components_are_the_largest(events: int, length: int) -> None:
    x = vectors(3, events, length)
    made = fit_embedding("m", spec(components=4), x)
    apart = x - x.mean(axis=0)
    _, sizes, axes = np.linalg.svd(apart, full_matrices=False)
    t = apart @ axes[:4].T / (sizes[:4] / np.sqrt(events))
    assert made.reducer()(x)[:, 0] == pytest.approx((t * t).sum(axis=1), rel=1e-8)
    left = fit_embedding("m", spec("pca_residual", components=4, explained=0.999), x)
    kept = min(4, length - 1)
    expected = np.linalg.norm(apart - apart @ axes[:kept].T @ axes[:kept], axis=1)
    assert left.reducer()(x)[:, 0] == pytest.approx(expected, rel=1e-6, abs=1e-7)


def test_the_residual_keeps_what_explains_enough_and_never_all() -> None:
    x = vectors(3, 5_000)
    shares = np.linalg.svd(x - x.mean(axis=0), compute_uv=False) ** 2
    shares = np.cumsum(shares) / shares.sum()
    for explained in (0.3, 0.65, 0.9, 0.999999):
        made = fit_embedding("m", spec("pca_residual", explained=explained), x)
        kept = min(int((shares < explained).sum()) + 1, LENGTH - 1)
        assert len(made.axes) == kept * len(made.centre)


def test_dead_and_dependent_coordinates_are_no_trouble() -> None:
    x = vectors(4, 500)
    x[:, 2], x[:, 3] = 0.25, x[:, 0]
    for kind in DerivedKind:
        values = fit_embedding("m", spec(kind), x).reducer()(x)
        assert np.isfinite(values).all()
        assert np.abs(values).max() < 1_000


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda x: x[:59], "has 59 vectors of 6 finite numbers at 'f.v', and it needs 60; give more rows, or fewer"),
        (lambda x: x * 0, "all vectors of 'f.v' are equal; leave it out"),
        (lambda x: x * 1e300, "the numbers of 'f.v' are too large to be squared"),
    ],
)  # fmt: skip
def test_what_cannot_be_fitted_is_told(change: Callable[[np.ndarray], np.ndarray], says: str) -> None:
    with pytest.raises(ReferenceFileError, match="multivariate field 'm': ") as caught:
        fit_embedding("m", spec(), change(vectors(9, 400)))
    assert says in str(caught.value)


def test_the_other_half_is_the_baseline_and_the_length_counts_everyone() -> None:
    rows = records(vectors(10, 2_000))
    for place, value in ((0, None), (1, [1.0]), (2, "x"), (3, [None] * LENGTH)):
        rows[place]["f"]["v"] = value
    reference = built(rows)
    part, total = part_of(reference), reference.totals[Stream.PREDICTIONS][0]
    assert [field.name for field in part.fields] == ["a", "f.v", "score", "decision", "meaning"]
    assert (part.made, part.embeddings) == (("meaning",), ("f.v",))
    length, made = part.field("f.v"), part.field("meaning")
    assert length.categories == ("6 numbers",)
    assert total[length.start : length.stop].tolist() == [1_996, 1, 1, 2]
    half = int(total[made.start : made.stop].sum())
    assert 900 < half < 1_100
    assert made.mean == pytest.approx(LENGTH, abs=0.5)
    # On the rows that it was fitted on, the mean of the distances would be their number of components exactly.
    assert made.mean != pytest.approx(LENGTH, abs=1e-6)


def test_the_map_is_in_the_file_and_in_the_hashes() -> None:
    rows = records(vectors(12, 500))
    plain, other = built(rows, multivariate={}), built(rows, multivariate={"meaning": spec("projections")})
    reference = built(rows)
    assert len({r.layout.hash for r in (plain, other, reference)}) == 3
    back = decode(encode(reference))
    assert back.layout == reference.layout
    assert [encode(r)[len(MAGIC)] for r in (plain, reference)] == [2, 4]


def test_neither_the_order_of_the_events_nor_their_number_matters(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = records(vectors(13, 600))
    shuffled = [rows[i] for i in np.random.default_rng(1).permutation(len(rows))]
    assert built(rows).hash == built(shuffled).hash
    whole = part_of(built(rows)).embedded
    monkeypatch.setattr(embedding, "FIT_NUMBERS", 80 * LENGTH)
    few = part_of(built(rows)).embedded
    assert few != whole
    assert few == part_of(built(shuffled)).embedded


def test_a_part_that_has_nothing_but_an_embedding_counts_its_events() -> None:
    """The field that is counted for half of the reference is not the one that says how many events there are."""
    features = FeaturesSpec.model_validate(
        {"topic": "f", "id": "id", "time": {"path": "ts", "unit": "ms"}, "features": []}
    )
    predictions = PredictionsSpec.model_validate(
        {"topic": "p", "id": "id", "time": {"path": "ts", "unit": "ms"}, "score": "p"}
    )
    of = subject(labels=None, features=features, predictions=predictions, multivariate={"meaning": spec()})
    rows = records(vectors(14, 1_200))
    reference = build(of, batches(predictions=rows, features=rows), source="test", created_ms=0).reference
    part = part_of(reference, Stream.FEATURES)
    assert [field.name for field in part.fields] == ["f.v", "meaning"]
    total = reference.totals[Stream.FEATURES]
    assert events_of(part, total)[0] == 1_200
    assert rate_of(reference, Stream.FEATURES, HOUR_MS) == rate_of(reference, Stream.PREDICTIONS, HOUR_MS)
    pair = Pair(reference.layout, part, total, total, reference.span_ms, reference.span_ms)
    found = read(pair)
    assert found["missing_share"].count[0].tolist()[0] == 1_200
    assert found["ks_statistic"].value[0].tolist() == [0.0]
    assert part_of(reference).embedded == ()


def test_the_stream_may_be_said() -> None:
    features = FeaturesSpec.model_validate(
        {"topic": "f", "id": "id", "time": {"path": "ts", "unit": "ms"}, "features": ["f.a"]}
    )
    of = subject(labels=None, features=features, multivariate={"meaning": spec(stream="predictions")})
    rows = records(vectors(14, 300))
    reference = build(of, batches(predictions=rows, features=rows), source="test", created_ms=0).reference
    assert part_of(reference).made == ("meaning",)
    assert part_of(reference, Stream.FEATURES).made == ()


@pytest.mark.parametrize(
    ("name", "path", "rows", "says"),
    [
        ("m", "f.w", records(vectors(1, 200)), "no record of the reference has a list of numbers at 'f.w'; correct the path"),
        ("m", "f.v", records(vectors(1, 200)[:, :1]), "'f.v' has 1 numbers; an embedding has 2 to 4096"),
        ("a", "f.v", records(vectors(1, 200)), "a feature is called 'a' too; give one of them another name"),
    ],
)  # fmt: skip
def test_embeddings_that_there_are_not_are_told(
    name: str, path: str, rows: list[dict[str, Any]], says: str
) -> None:
    with pytest.raises(ReferenceFileError) as caught:
        built(rows, multivariate={name: spec(path=path)})
    assert f"multivariate field {name!r}: {says}" in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"fields": ["a", "b"]}, "leave one out"),
        ({"embedding": None}, "write either `fields`, two at least, or `embedding`"),
        ({"embedding": None, "fields": ["a", "b"], "components": 3}, "`components` is for an `embedding`; leave it out"),
        ({"kind": "projections", "components": 3}, "`components` is not for `kind: projections`; leave it out"),
        ({"embedding": "f..v"}, "pattern"),
    ],
)  # fmt: skip
def test_a_field_is_made_of_features_or_of_an_embedding(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        MultivariateSpec.model_validate({"kind": "mahalanobis", "embedding": "f.v"} | changes)
