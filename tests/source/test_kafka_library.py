"""The client that is installed is one the fast path knows; every other version takes the stock path."""

from __future__ import annotations

import inspect

from driftwatch.source import kafka_library
from driftwatch.source.slab import TESTED_VERSIONS


def test_the_locked_version_is_one_that_was_tested() -> None:
    assert kafka_library.VERSION in TESTED_VERSIONS


def test_the_seam_has_the_shape_that_the_fast_path_takes() -> None:
    parameters = list(inspect.signature(kafka_library.PartitionRecords).parameters)
    assert parameters[:3] == ["fetch_offset", "tp", "records"]
    unpack = inspect.signature(kafka_library.PartitionRecords._unpack_records)
    assert list(unpack.parameters) == ["self", "tp", "records", "key_deserializer", "value_deserializer"]
