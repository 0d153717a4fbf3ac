"""How a model's references are declared (a part of the configuration)."""

from __future__ import annotations

from pydantic import Field, model_validator

from driftwatch.events.times import Duration
from driftwatch.spec import Spec


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


class CellsSpec(Spec):
    """How numeric fields are cut into cells when a reference is built."""

    cells: int = Field(default=64, ge=4, le=1_024)
    """Cells of equal reference mass per numeric field."""
    exact: bool = False
    """A cell for every distinct reference value and every gap: KS without a grid error."""
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
