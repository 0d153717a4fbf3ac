"""Integers in the smallest type that holds them, for what is kept long and read seldom."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Narrow = NDArray[np.signedinteger[Any]]
"""Integers of any signed type: widen them before arithmetic that could leave their range."""


def narrow(values: NDArray[np.signedinteger[Any]]) -> Narrow:
    """The same integers in the smallest signed type; of the values given if it is that already.

    Signed, for `int64 += uint64` is refused by NumPy.
    """
    low, high = int(values.min(initial=0)), int(values.max(initial=0))
    kind = np.result_type(np.min_scalar_type(min(low, -1)), np.min_scalar_type(min(~high, -1)))
    return values.astype(kind, copy=False)
