"""How a model's references are declared (a part of the configuration)."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from driftwatch.events.spec import Path
from driftwatch.events.times import Duration
from driftwatch.spec import Spec
from driftwatch.summaries.derived import DerivedKind
from driftwatch.summaries.layout import FieldKind, Scheme


class ReferenceSpec(Spec):
    """Where the accepted past of some model versions comes from."""

    version: str = "*"
    """Pattern over version names; the first match wins."""
    path: str | None = None
    """A file made by `driftwatch reference build`."""
    learn: Duration | None = None
    """Instead of a file: take the first so-much event time of the version (E10)."""

    @model_validator(mode="after")
    def _one_of(self) -> ReferenceSpec:
        if (self.path is None) == (self.learn is None):
            raise ValueError("a reference has either `path` or `learn`")
        return self


class FieldCellsSpec(Spec):
    """How one field is cut, where it differs from the others."""

    scheme: Scheme = Scheme.QUANTILE
    """`quantile`: equal reference mass. `exact`: a cell for every distinct reference value and every gap. `width`:
    equal width. `edges`: as given. `deciles`: the reference's deciles, for `psi: classic`. `doane`: NumPy's rule of that
    name on the reference, for `js: nannyml-0.13`."""
    cells: int | None = Field(default=None, ge=2, le=1_024)
    """Cells of `quantile` and `width`; default: as for the other fields."""
    edges: list[float] = []
    """Edges `a < b < …` of the cells `(a, b]`, the outer ones open; sets the scheme `edges`."""
    categories: list[str] = []
    """The categories to keep, whatever their frequency; makes the field categorical."""

    @model_validator(mode="before")
    @classmethod
    def _scheme_of_edges(cls, data: object) -> object:
        if isinstance(data, dict) and data.get("edges") and "scheme" not in data:  # pyright: ignore[reportUnknownMemberType]
            return {**data, "scheme": "edges"}  # pyright: ignore[reportUnknownVariableType]
        return data  # pyright: ignore[reportUnknownVariableType]

    @model_validator(mode="after")
    def _sound(self) -> FieldCellsSpec:
        if (self.scheme is Scheme.EDGES) != bool(self.edges):
            raise ValueError(
                "`edges` and `scheme: edges` go together; write for example `edges: [18, 25, 40]`"
            )
        if any(a >= b for a, b in zip(self.edges, self.edges[1:], strict=False)):
            raise ValueError("the edges do not ascend; write each larger than the one before")
        if self.categories and (self.edges or self.cells or "scheme" in self.model_fields_set):
            raise ValueError("`categories` says everything; leave out `scheme`, `cells` and `edges`")
        if len(set(self.categories)) < len(self.categories):
            raise ValueError("a category is there twice; write each once")
        return self


class CellsSpec(Spec):
    """How numeric fields are cut into cells when a reference is built."""

    cells: int = Field(default=64, ge=4, le=1_024)
    """Cells of equal reference mass per numeric field."""
    exact: bool = False
    """A cell for every distinct reference value and every gap: KS without a grid error."""
    exact_max: int = Field(default=10_000, ge=2, le=1_000_000)
    """Most distinct values of a field that are cut exactly; one with more has cells of equal mass, and a note says so."""
    fields: dict[str, FieldCellsSpec] = {}
    """Fields that are cut in another way, by name (`score` is one too)."""
    coarse: int = Field(default=10, ge=2, le=100)
    """PSI cells, joined from the cells."""
    calibration_cells: int = Field(default=10, ge=2, le=100)
    """Equal-width score cells for calibration."""
    categories: int = Field(default=50, ge=1, le=1_000)
    """Categories kept per categorical field, by reference frequency."""
    slice_values: int = Field(default=50, ge=1, le=1_000)
    """Slices kept per declared dimension, by reference frequency."""
    kinds: dict[str, str] = {}
    """`numeric` or `categorical` for fields where the reference's values should not decide."""

    def of(self, name: str) -> FieldCellsSpec:
        """How a field is cut."""
        if name in self.fields:
            return self.fields[name]
        return FieldCellsSpec(scheme=Scheme.EXACT if self.exact else Scheme.QUANTILE)

    @property
    def said_kinds(self) -> dict[str, str]:
        """Kinds that are not left to the reference's values: those said, and those that a field's cells imply."""
        implied = {
            name: str(FieldKind.CATEGORICAL if field.categories else FieldKind.NUMERIC)
            for name, field in self.fields.items()
        }
        return implied | self.kinds


class MultivariateSpec(Spec):
    """A number that is made of several numeric features of one stream, or of an embedding, and then counted like a feature.

    Its map is fitted on one half of the reference's events and kept in the reference; its reference counts are those
    of the other half.
    """

    kind: DerivedKind
    """`mahalanobis`: squared distance from the reference's centre, in its own covariance. `pca_residual`: what the main
    components of the standardised features leave over. `projections`: fixed random directions, each a field `NAME_1`, `NAME_2`, …"""
    fields: list[str] = []
    """Numeric features, two at least, all of predictions or all of the features' stream; an event without one of them has
    no value."""
    embedding: Path | None = None
    """Instead of `fields`: dotted path of a list of 2 to 4 096 numbers; how many it is, the reference says. It is read from
    the features' stream where the model has one, else from predictions."""
    stream: Literal["predictions", "features"] | None = None
    """`embedding`: the stream that carries it, where it is not that."""
    components: int = Field(default=32, ge=1, le=64)
    """`embedding`: principal components that `mahalanobis` measures in, and `pca_residual` leaves out at most."""
    explained: float = Field(default=0.65, gt=0, lt=1)
    """`pca_residual`: share of the variance that the kept components explain (NannyML's default)."""
    projections: int = Field(default=16, ge=1, le=64)
    """`projections`: how many."""

    @model_validator(mode="after")
    def _sound(self) -> MultivariateSpec:
        if len(set(self.fields)) < len(self.fields):
            raise ValueError("a field is there twice; write each once")
        if self.embedding is not None and self.fields:
            raise ValueError("`fields` and `embedding` are two ways to say of what it is made; leave one out")
        if self.embedding is None and len(self.fields) < 2:
            raise ValueError(
                "write either `fields`, two at least, or `embedding`, the path of a list of numbers"
            )
        for key in ("stream", "components"):
            if key in self.model_fields_set and self.embedding is None:
                raise ValueError(f"`{key}` is for an `embedding`; leave it out")
        if "components" in self.model_fields_set and self.kind is DerivedKind.PROJECTIONS:
            raise ValueError(f"`components` is not for `kind: {self.kind}`; leave it out")
        for key, kind in (("explained", DerivedKind.PCA_RESIDUAL), ("projections", DerivedKind.PROJECTIONS)):
            if key in self.model_fields_set and self.kind is not kind:
                raise ValueError(f"`{key}` is for `kind: {kind}`; leave it out")
        return self

    @property
    def path(self) -> str:
        """The embedding's; empty where it is made of features."""
        return self.embedding or ""

    def made(self, name: str) -> tuple[str, ...]:
        """Names of the fields that come of it."""
        if self.kind is DerivedKind.PROJECTIONS:
            return tuple(f"{name}_{k}" for k in range(1, self.projections + 1))
        return (name,)
