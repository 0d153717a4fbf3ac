"""The join state as the core sees it: what is remembered of a prediction until its label comes, by id hash."""

from __future__ import annotations

from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

SLICE_COLUMNS_MAX: Final = 8
"""Slice columns that a join row can carry."""

PREDICTION_ROW: Final = np.dtype(
    [
        ("time_ms", "<i8"),
        ("offset", "<i8"),
        ("score", "<f8"),
        ("payload", "<u4"),
        ("decision", "<i4"),  # position in the layout's classes, -1 missing
        ("partition", "<i4"),  # position in the checkpoint's list of partitions
        ("version", "<i2"),  # position in the model's list of versions
        ("reserved", "<i2"),
        ("codes", "<i2", (SLICE_COLUMNS_MAX,)),  # slice value code per slice column
    ]
)
"""What a prediction leaves behind; a fixed little-endian record, the same bytes in memory and on disk."""

LABEL_ROW: Final = np.dtype([("time_ms", "<i8"), ("offset", "<i8"), ("payload", "<u4"), ("partition", "<i4")])
"""What a joined label leaves behind, under the generation of its prediction: which prediction that is (time, offset,
partition), and the label's payload."""


def class_score_row(classes: int) -> np.dtype[np.void]:
    """What a prediction leaves behind of its classes' own scores: which prediction, and each score (NaN, inf as decoded)."""
    return np.dtype(
        [("time_ms", "<i8"), ("offset", "<i8"), ("partition", "<i4"), ("scores", "<f8", (classes,))]
    )


JoinRows = NDArray[np.void]
"""Structured rows of one of the dtypes above."""


class JoinTable(Protocol):
    """Rows by 63-bit id hash in generations of prediction time; a hash can have several rows (E3: split ids).

    Uncommitted rows are visible at once and vanish with a rollback. Generations are numbered
    `time_ms // generation_ms` and dropped whole; a dropped generation stays empty, whatever is added to it later.
    A call that raises leaves the table at the last commit: the caller drops its memory and loads.
    """

    @property
    def dtype(self) -> np.dtype[np.void]:
        """The type of its rows."""
        ...

    def add(self, generation: int, ids: NDArray[np.int64], rows: JoinRows) -> None:
        """Remember rows (any order; equal ids allowed when they come from different partitions)."""
        ...

    def find(self, generations: range, ids: NDArray[np.int64]) -> tuple[NDArray[np.int64], JoinRows]:
        """All rows of these ids in these generations: (position in `ids` of each row, rows), ordered by position.

        Rows of one position are ordered by generation, then as they were added. Raises DamagedStateError for
        a damaged row, CommitUnknownError where the store refuses.
        """
        ...

    def drop_before(self, generation: int) -> int:
        """Forget every older generation; returns the number of rows dropped."""
        ...

    def drop_above(self, limit: int) -> int:
        """Forget ids above `limit` in every generation (E12, halving the sample); returns the number of rows."""
        ...

    def __len__(self) -> int:
        """Rows held."""
        ...


class JoinTables(Protocol):
    """The join tables of one daemon, by model and kind (`predictions`, `labels`, `features`, `class_scores-…`)."""

    def table(self, model: str, kind: str, dtype: np.dtype[np.void]) -> JoinTable:
        """The table of this name, made empty at first use."""
        ...
