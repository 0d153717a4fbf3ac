"""A gap of kafka-python closed: records of a paused partition that its fetcher never takes up again.

The fetcher parks what it has parsed of a partition that is paused, and takes it up after the resume only where its
slot for parsed records is None (`Fetcher.fetch_records` in 3.0.12). A slot that is used up holds an empty object
instead, until another fetch arrives; and for a partition with parked records none is asked for. So where all other
partitions are paused, or at their ends, the one that everything waits for would stay silent for ever.
"""

from __future__ import annotations

from typing import Any


def clear_slot(consumer: Any) -> None:
    """Before a poll: empty the slot if nothing is left in it. Other versions of the client may have no slot."""
    fetcher = consumer._fetcher
    used = getattr(fetcher, "_next_partition_records", None)
    if used is not None and not used:
        fetcher._next_partition_records = None
