"""How long a process needs until it could read its first record: everything that `driftwatch run` imports."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

from tests.benchmarks.figure import Figure

PRODUCT = "import driftwatch.cli.program, driftwatch.config.load, driftwatch.app"
BARE = "import numpy, scipy.special, kafka, msgspec, pydantic, sqlite3"
ROUNDS = 5


def import_s(seconds: float) -> Figure:
    """Medians of wall time, interpreter start included; `bare` are the libraries that a consumer needs anyway."""
    product: list[float] = []
    bare: list[float] = []
    for _ in range(ROUNDS):
        product.append(_run(PRODUCT))
        bare.append(_run(BARE))
    own, libraries = statistics.median(product), statistics.median(bare)
    return Figure(
        "import_s",
        own,
        "s",
        "start of the interpreter and all imports of `run`; bare: its libraries alone",
        more_is_better=False,
        product=own,
        bare=libraries,
        ratio=own / libraries,
    )


def _run(code: str) -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return time.perf_counter() - started
