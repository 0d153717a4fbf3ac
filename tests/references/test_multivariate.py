"""Derived fields: fitted on one half, baselined on the other, part of the reference file, and errors that say what to do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.stats import chi2, kstest

from driftwatch.errors import ReferenceFileError
from driftwatch.events.classes import Stream
from driftwatch.events.spec import FeaturesSpec, PredictionsSpec
from driftwatch.references.build import build
from driftwatch.references.codec import MAGIC, decode, encode
from driftwatch.references.multivariate import fit
from driftwatch.references.reference import Reference
from driftwatch.references.spec import MultivariateSpec
from driftwatch.summaries.derived import Derived, DerivedKind, Deriver
from driftwatch.summaries.layout import Part
from tests.references.records import START_MS, batches, subject

NAMES = ["a", "b", "c"]


def spec(kind: str = "mahalanobis", fields: list[str] = NAMES, **more: Any) -> MultivariateSpec:
    return MultivariateSpec.model_validate({"kind": kind, "fields": fields, **more})


def normal(seed: int, events: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    x = random.standard_normal((events, 3))
    x[:, 1] = 10 + 5 * (0.8 * x[:, 0] + 0.6 * x[:, 1])
    return x


def records(x: np.ndarray, **changes: Any) -> list[dict[str, Any]]:
    return [
        {"id": f"r{i}", "ts": START_MS + i * 60_000, "v": "1", "p": (i % 100) / 100, "country": "PT"}
        | {"f": dict(zip(NAMES, row, strict=True)) | {"kind": "x"}}
        | changes
        for i, row in enumerate(x.tolist())
    ]


def built(rows: list[dict[str, Any]], **changes: Any) -> Reference:
    settings = {"labels": None, "multivariate": {"together": spec()}} | changes
    return build(subject(**settings), batches(predictions=rows), source="test", created_ms=0).reference


def part_of(reference: Reference) -> Part:
    part = reference.layout.part(Stream.PREDICTIONS)
    assert part is not None
    return part


def values(made: Derived, x: np.ndarray) -> np.ndarray:
    return Deriver([made], made.inputs).extend(x)[:, len(made.inputs) :]


def test_mahalanobis_has_the_fitted_covariance_and_a_chi_square() -> None:
    made = fit("m", spec(), normal(1, 20_000))
    x = normal(1, 20_000)
    apart = x - x.mean(axis=0)
    expected = np.einsum("ni,ij,nj->n", apart, np.linalg.inv(np.cov(x.T, bias=True)), apart)
    assert values(made, x)[:, 0] == pytest.approx(expected, rel=1e-8)
    assert kstest(values(made, normal(2, 5_000))[:, 0], chi2(3).cdf).pvalue > 0.01


def test_the_residual_of_standardised_fields_keeps_what_explains_enough() -> None:
    x = normal(3, 5_000)
    z = (x - x.mean(axis=0)) / x.std(axis=0)
    _, directions = np.linalg.eigh(np.corrcoef(z.T))
    for explained, kept in ((0.3, 1), (0.65, 2), (0.999999, 2)):  # shares of variance: 0.6, 0.93, 1
        made = fit("m", spec("pca_residual", explained=explained), x)
        main = directions[:, 3 - kept :]
        assert len(made.axes) == 3 - kept
        expected = np.linalg.norm(z - z @ main @ main.T, axis=1)
        assert values(made, x)[:, 0] == pytest.approx(expected, rel=1e-7, abs=1e-12)


def test_projections_are_unit_directions_of_standardised_fields_and_never_change() -> None:
    x = normal(4, 5_000)
    made = fit("m", spec("projections", projections=5), x)
    assert made.fields == ("m_1", "m_2", "m_3", "m_4", "m_5")
    axes = np.array(made.axes) * x.std(axis=0)
    assert np.linalg.norm(axes, axis=1) == pytest.approx(1.0)
    again = np.array(fit("m", spec("projections", projections=5), normal(5, 5_000)).axes)
    assert again * normal(5, 5_000).std(axis=0) == pytest.approx(axes)


@pytest.mark.parametrize("kind", DerivedKind)
def test_equal_rows_in_another_order_give_an_equal_map(kind: DerivedKind) -> None:
    x = normal(6, 999)
    assert fit("m", spec(kind), x) == fit("m", spec(kind), np.random.default_rng(7).permutation(x))


def test_rows_without_a_valid_number_in_every_field_are_not_fitted_on() -> None:
    x = normal(8, 500)
    holes = np.concatenate([x, [[np.nan, 0, 0], [0, np.inf, 0]]])
    assert fit("m", spec(), holes) == fit("m", spec(), x)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda x: x[:29], "has 29 rows with a valid number in each of its 3 fields, and it needs 30"),
        (lambda x: x * [1, 0, 1], "'b' is constant in the half of the reference that it is fitted on; leave it out"),
        (lambda x: x[:, [0, 0, 2]], "linearly dependent, 'a' and 'b' most of all; leave one out"),
        (lambda x: x * [1, 1e300, 1], "the values of 'b' are too large to be squared; leave it out"),
    ],
)  # fmt: skip
def test_what_cannot_be_fitted_is_told(change: Callable[[np.ndarray], np.ndarray], says: str) -> None:
    with pytest.raises(ReferenceFileError, match="multivariate field 'm': ") as caught:
        fit("m", spec(), change(normal(9, 400)))
    assert says in str(caught.value)


def test_dependent_fields_have_a_residual() -> None:
    x = normal(9, 400)[:, [0, 0, 2]]
    assert values(fit("m", spec("pca_residual", explained=0.9), x), x) == pytest.approx(0.0, abs=1e-6)


def test_the_other_half_is_the_baseline_in_totals_and_panes() -> None:
    reference = built(records(normal(10, 2_000)))
    part, totals = part_of(reference), reference.totals[Stream.PREDICTIONS]
    assert [field.name for field in part.fields] == ["a", "b", "c", "kind", "score", "decision", "together"]
    assert part.made == ("together",)
    own, made = part.fields[0], part.field("together")
    assert (totals[:, own.start : own.stop].sum(axis=1)[[0, 1]] == 2_000).all()
    half = totals[0, made.start : made.stop].sum()
    assert 900 < half < 1_100
    panes = reference.panes[Stream.PREDICTIONS]
    inside = (panes.cells >= made.start) & (panes.cells < made.stop)
    assert panes.counts[inside].sum(dtype=np.int64) == half
    # A fit in its own rows: without the split, the mean of 3 fields' distances would be 3 exactly.
    assert made.mean == pytest.approx(3.0, abs=0.3)
    assert made.mean != pytest.approx(3.0, abs=1e-6)


def test_a_missing_input_makes_the_value_missing() -> None:
    rows = records(normal(11, 1_000))
    for row in rows[::4]:
        row["f"]["b"] = None
    for row in rows[1::4]:
        row["f"]["c"] = "text"
    reference = built(rows, cells=subject().cells.model_copy(update={"kinds": {"c": "numeric"}}))
    made = part_of(reference).field("together")
    total = reference.totals[Stream.PREDICTIONS][0]
    assert total[made.missing] == pytest.approx(total[made.start : made.stop].sum() / 2, rel=0.2)
    assert total[made.invalid] == 0


def test_the_maps_are_in_the_file_and_in_the_hashes() -> None:
    plain, derived = (built(records(normal(12, 500)), multivariate=m) for m in ({}, {"together": spec()}))
    other = built(records(normal(12, 500)), multivariate={"together": spec("pca_residual")})
    assert len({plain.layout.hash, derived.layout.hash, other.layout.hash}) == 3
    back = decode(encode(derived))
    assert back.layout == derived.layout
    assert part_of(back).derived[0].inputs == ("a", "b", "c")
    versions = [encode(reference)[len(MAGIC)] for reference in (plain, derived)]
    assert versions == [2, 3]  # an older driftwatch reads the one and refuses the other


def test_the_order_of_the_events_does_not_matter() -> None:
    rows = records(normal(13, 600))
    shuffled = [rows[i] for i in np.random.default_rng(1).permutation(len(rows))]
    assert built(rows).hash == built(shuffled).hash


def test_without_ids_the_offset_decides_and_half_is_half() -> None:
    of = PredictionsSpec.model_validate(
        {"topic": "p", "time": {"path": "ts", "unit": "ms"}, "score": "p", "features": "f"}
    )
    rows = records(np.tile([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 2.0, 0.0], [0.0, 0.0, 0.0]], (250, 1)))
    reference = built(rows, predictions=of)
    assert reference.hash == built(rows, predictions=of).hash
    made = part_of(reference).field("together")
    assert 430 < reference.totals[Stream.PREDICTIONS][0, made.start : made.stop].sum() < 570
    assert len(made.centres) >= 3, "equal events lie in both halves"


def test_fields_of_the_features_stream_belong_to_its_part() -> None:
    features = FeaturesSpec.model_validate(
        {"topic": "f", "id": "id", "time": {"path": "ts", "unit": "ms"}, "features": "f"}
    )
    predictions = PredictionsSpec.model_validate(
        {"topic": "p", "id": "id", "time": {"path": "ts", "unit": "ms"}, "score": "p", "features": ["q"]}
    )
    of = subject(labels=None, features=features, predictions=predictions, multivariate={"together": spec()})
    rows = records(normal(14, 300), q=1.5)
    reference = build(of, batches(predictions=rows, features=rows), source="test", created_ms=0).reference
    part = reference.layout.part(Stream.FEATURES)
    assert part is not None
    assert part.made == ("together",)
    assert part_of(reference).made == ()
    with pytest.raises(ReferenceFileError, match="come from two streams"):
        build(
            subject(labels=None, features=features, predictions=predictions, multivariate={"m": spec(fields=["a", "q"])}),
            batches(predictions=rows, features=rows), source="test", created_ms=0,
        )  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "name", "says"),
    [
        (
            ["a", "kind"],
            "m",
            "'kind' is categorical; leave it out, or write `cells: {kinds: {kind: numeric}}`",
        ),
        (["a", "bb"], "m", "there is no feature 'bb'; did you mean 'b'?"),
        (["a", "zzz"], "m", "there is no feature 'zzz'; there are a, b, c"),
        (["a", "b"], "c", "a feature is called 'c' too; give one of them another name"),
    ],
)
def test_fields_that_there_are_not_are_told(fields: list[str], name: str, says: str) -> None:
    with pytest.raises(ReferenceFileError) as caught:
        built(records(normal(15, 200)), multivariate={name: spec(fields=fields)})
    assert f"multivariate field {name!r}: {says}" in str(caught.value)
