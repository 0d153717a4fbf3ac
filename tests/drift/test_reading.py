from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from driftwatch.drift.reading import Estimate
from tests.drift.worlds import binary


def test_pairs_and_estimates_cannot_be_changed() -> None:
    numbers = np.zeros((1, 1))
    for value in (binary(1), Estimate(("",), numbers, numbers, numbers, np.zeros((1, 1), np.int64))):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(value, dataclasses.fields(value)[0].name, None)
