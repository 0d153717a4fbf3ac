"""The same car-loan chunks through other packages, where they are installed: `python -m tests.peers > docs/statistics-peers.md`.

Each package runs as its own documentation has it; none is a dependency. A column without its package says so.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version

import numpy as np
from scipy import stats

from driftwatch.drift import raw
from driftwatch.drift.catalogue import read
from tests.drift import counting as c

CHUNKS = (
    ("car_value", 0, 5_000),
    ("car_value", 25_000, 30_000),
    ("y_pred_proba", 0, 5_000),
    ("y_pred_proba", 25_000, 30_000),
)
Two = Callable[[np.ndarray, np.ndarray], float]


def evidently_psi(reference: np.ndarray, current: np.ndarray) -> float:
    from evidently.legacy.calculations.stattests import psi_stat_test  # type: ignore[import-not-found]

    return _evidently(psi_stat_test, reference, current)


def evidently_js(reference: np.ndarray, current: np.ndarray) -> float:
    from evidently.legacy.calculations.stattests import jensenshannon_stat_test  # type: ignore[import-not-found]

    return _evidently(jensenshannon_stat_test, reference, current)


def _evidently(test: object, reference: np.ndarray, current: np.ndarray) -> float:
    import pandas as pd  # type: ignore[import-not-found]

    return float(test.func(pd.Series(reference), pd.Series(current), "num", 0.1)[0])  # type: ignore[attr-defined]


def frouros_psi(reference: np.ndarray, current: np.ndarray) -> float:
    from frouros.detectors.data_drift import PSI  # type: ignore[import-not-found]

    detector = PSI(num_bins=10)
    detector.fit(X=reference)
    return float(detector.compare(X=current)[0].distance)


def nannyml_js(reference: np.ndarray, current: np.ndarray) -> float:
    import pandas as pd  # type: ignore[import-not-found]
    from nannyml.drift.univariate.methods import ContinuousJensenShannonDistance  # type: ignore[import-not-found]
    from nannyml.thresholds import ConstantThreshold  # type: ignore[import-not-found]

    method = ContinuousJensenShannonDistance(threshold=ConstantThreshold(0, 1))
    method.fit(pd.Series(reference), None)
    return float(method.calculate(pd.Series(current)))


def ours(name: str) -> Two:
    def of(reference: np.ndarray, current: np.ndarray) -> float:
        return float(read(c.numeric_pair(c.cut(reference), reference, current))[name].value[0, 0])

    return of


COLUMNS: tuple[tuple[str, str, Two], ...] = (
    ("PSI", "", ours("psi")),
    ("PSI as evidently", "", raw.psi_evidently),
    ("evidently PSI", "evidently", evidently_psi),
    ("PSI as frouros", "", raw.psi_frouros),
    ("frouros PSI", "frouros", frouros_psi),
    ("JS", "", ours("js_distance")),
    ("JS as evidently", "", raw.js_evidently),
    ("evidently JS", "evidently", evidently_js),
    ("JS as nannyml", "", raw.js_nannyml),
    ("nannyml JS", "nannyml", nannyml_js),
    ("KS", "", ours("ks_statistic")),
    ("scipy KS", "scipy", lambda a, b: float(stats.ks_2samp(a, b, method="asymp").statistic)),
    ("W/σ", "", ours("wasserstein")),
    ("scipy W/σ", "scipy", lambda a, b: float(stats.wasserstein_distance(a, b) / a.std())),
)


def page() -> str:
    data = c.car_loan()
    rows = [f"{column} {start}–{stop - 1}" for column, start, stop in CHUNKS]
    lines = ["| number |" + "".join(f" {row} |" for row in rows), "|---|" + "---|" * len(rows)]
    for title, package, compute in COLUMNS:
        named = f"{title} ({package} {_version(package)})" if package else f"driftwatch: {title}"
        if package and _version(package) == "not installed":
            lines.append(f"| {named} |" + " – |" * len(rows))
            continue
        numbers = [
            compute(data.reference[column], data.analysis[column][start:stop])
            for column, start, stop in CHUNKS
        ]
        lines.append(f"| {named} |" + "".join(f" {number:.10g} |" for number in numbers))
    return f"{INTRODUCTION}\n" + "\n".join(lines) + "\n"


INTRODUCTION = """\
# Beside other packages

Made by `python -m tests.peers > docs/statistics-peers.md` on chunks of NannyML's car loan. driftwatch's own numbers are from counts in
64 cells; those "as" another tool follow its definition on raw values (`driftwatch/drift/raw.py`), and the tests hold them to what
evidently 0.7.23, frouros 0.9.0 and nannyml 0.13.1 print, to the last digit. A line of a package that was not installed when the
table was made has no numbers.
"""


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


if __name__ == "__main__":
    sys.stdout.write(page())
