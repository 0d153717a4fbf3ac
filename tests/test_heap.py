"""Freed memory goes back to the system, at most so often."""

from __future__ import annotations

import ctypes
import subprocess
import sys
from pathlib import Path

import pytest

from driftwatch import heap
from driftwatch.heap import EVERY_S, Heap

GLIBC = hasattr(ctypes.CDLL(None), "malloc_trim")
# 200 MB in pieces that glibc keeps on its heap, and small ones between them that stay
FREED = """
import sys
from pathlib import Path
from driftwatch.heap import give_back

def resident():
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmRSS")) // 1024

kept, gone = [], []
for _ in range(2_000):
    gone.append(bytearray(100_000))
    kept.append(bytearray(1_000))
full = resident()
gone.clear()
freed = resident()
print(full, freed, give_back(), resident())
"""


@pytest.mark.skipif(not GLIBC or not Path("/proc").exists(), reason="the C library has no malloc_trim")
def test_freed_memory_between_memory_that_stays_goes_back() -> None:
    told = subprocess.run([sys.executable, "-c", FREED], check=True, capture_output=True, text=True).stdout
    full, freed, given, after = told.split()
    assert given == "True"
    assert int(freed) > int(full) - 50, "else there would be nothing to do"
    assert int(after) < int(full) - 150


def test_at_most_every_so_often(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[float] = []
    now_s = 0.0
    monkeypatch.setattr(heap, "give_back", lambda: given.append(now_s) is None)
    tidied = Heap(lambda: now_s)
    for tenth in range(100):
        now_s = tenth / 10
        tidied.tidy()
    assert given == [EVERY_S, 2 * EVERY_S, 3 * EVERY_S, 4 * EVERY_S]


def test_a_c_library_without_it_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heap, "_trim", lambda: None)
    assert not heap.give_back()
