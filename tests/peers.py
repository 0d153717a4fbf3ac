"""The same car-loan chunks through other packages: `python -m tests.peers [PYTHON …] > docs/statistics-peers.md`.

Each package runs as its own documentation has it; none is a dependency, and they do not all live in one environment. A line
whose package is not installed here is taken from the first of the given interpreters that has it; they also need
`msgspec pydantic pytest scipy`. A line without its package says so.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version

import numpy as np
from scipy import stats

from driftwatch.drift import raw
from driftwatch.drift.catalogue import read
from tests.drift import cbpe
from tests.drift import counting as c

CHUNKS = (
    ("car_value", 0, 5_000),
    ("car_value", 25_000, 30_000),
    ("y_pred_proba", 0, 5_000),
    ("y_pred_proba", 25_000, 30_000),
)
ABSENT = "not installed"
Two = Callable[[np.ndarray, np.ndarray], float]


def evidently_psi(reference: np.ndarray, current: np.ndarray) -> float:
    from evidently.legacy.calculations.stattests import psi_stat_test  # type: ignore[import-not-found]

    return _evidently(psi_stat_test, reference, current)


def evidently_js(reference: np.ndarray, current: np.ndarray) -> float:
    from evidently.legacy.calculations.stattests import jensenshannon_stat_test  # type: ignore[import-not-found]

    return _evidently(jensenshannon_stat_test, reference, current)


def _evidently(test: object, reference: np.ndarray, current: np.ndarray) -> float:
    import pandas as pd  # type: ignore[import-not-found]
    from evidently.legacy.core import ColumnType  # type: ignore[import-not-found]

    return float(test.func(pd.Series(reference), pd.Series(current), ColumnType.Numerical, 0.1)[0])  # type: ignore[attr-defined]


def frouros_psi(reference: np.ndarray, current: np.ndarray) -> float:
    from frouros.detectors.data_drift import PSI  # type: ignore[import-not-found]

    detector = PSI(num_bins=10)
    detector.fit(X=reference)
    return float(detector.compare(X=current)[0].distance)


def nannyml_js(reference: np.ndarray, current: np.ndarray) -> float:
    import pandas as pd  # type: ignore[import-not-found]
    from nannyml.chunk import SizeBasedChunker  # type: ignore[import-not-found]
    from nannyml.drift.univariate.methods import ContinuousJensenShannonDistance  # type: ignore[import-not-found]
    from nannyml.thresholds import ConstantThreshold  # type: ignore[import-not-found]

    chunker = SizeBasedChunker(chunk_size=5_000)
    method = ContinuousJensenShannonDistance(threshold=ConstantThreshold(0, 1), chunker=chunker)
    method.fit(pd.Series(reference, name="x"), None)
    return float(method.calculate(pd.Series(current, name="x")))


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


MIXES = ((0.5, 0.3, 0.2), (0.2, 0.3, 0.5))
"""Of easy, harder and hardest inputs: the window as the reference, and a window of harder ones."""
ROWS = 20_000


def _both(mix: tuple[float, ...]) -> tuple[c.Scored, c.Scored]:
    return cbpe.world(1, ROWS, digits=4), cbpe.world(2, ROWS, mix, digits=4)


def estimates_by_counts(mix: tuple[float, ...]) -> list[float]:
    past, now = _both(mix)
    found = read(c.class_predictions(now, past, c.class_score_fields(0, past[0], "abc")))
    return [float(found[f"estimated_{name}_macro"].value[0, 0]) for name in cbpe.NAMES]


def estimates_by_rows(mix: tuple[float, ...]) -> list[float]:
    found = cbpe.by_rows(*_both(mix), normal=True)
    return [float(found[name].mean()) for name in cbpe.NAMES]


def nannyml_estimates(mix: tuple[float, ...]) -> list[float]:
    import pandas as pd  # type: ignore[import-not-found]
    from nannyml import CBPE  # type: ignore[import-not-found]

    def frame(side: c.Scored) -> pd.DataFrame:
        scores, decided, labels = side
        columns = {f"p_{k}": scores[:, k] for k in range(3)}
        return pd.DataFrame(columns | {"decided": decided, "label": labels})

    past, now = _both(mix)
    estimator = CBPE(
        problem_type="classification_multiclass", y_pred="decided", y_true="label",
        y_pred_proba={k: f"p_{k}" for k in range(3)}, chunk_size=ROWS,
        metrics=["recall", "f1", "specificity", "roc_auc"],
    )  # fmt: skip
    estimator.fit(frame(past))
    table = estimator.estimate(frame(now)).filter(period="analysis").to_df()
    return [float(table[name, "value"].iloc[0]) for name in ("recall", "f1", "specificity", "roc_auc")]


def realised(mix: tuple[float, ...]) -> list[float]:
    found = cbpe.realised(_both(mix)[1])
    return [float(found[name]) for name in cbpe.NAMES]


ESTIMATES: tuple[tuple[str, str, Callable[[tuple[float, ...]], list[float]]], ...] = (
    ("estimated from counts", "", estimates_by_counts),
    ("estimated as nannyml, row by row", "", estimates_by_rows),
    ("nannyml CBPE", "nannyml", nannyml_estimates),
    ("what the labels say", "", realised),
)


def raw_page(reference: str, current: str) -> str:
    """Other tools' numbers of two files with one number per line."""
    past, now = (np.loadtxt(path, ndmin=1) for path in (reference, current))
    exact = raw.ks_raw(past, now)
    lines = [(name.replace("_", " "), f(past, now)) for name, f in RAW.items()]
    lines += [("ks distance", exact.distance), ("ks exact p", exact.p)]
    return "".join(f"{name:20} {number:.10g}\n" for name, number in lines)


RAW: dict[str, Two] = {
    "psi_evidently": raw.psi_evidently,
    "psi_frouros": raw.psi_frouros,
    "psi_classic": raw.psi_classic,
    "js_evidently": raw.js_evidently,
    "js_nannyml": raw.js_nannyml,
    "wasserstein": raw.wasserstein_raw,
}


def lines() -> dict[str, tuple[str, list[float]]]:
    """By title: version and numbers of every line whose package is installed here."""
    data = c.car_loan()
    return {
        title: (
            _version(package),
            [compute(data.reference[column], data.analysis[column][a:b]) for column, a, b in CHUNKS],
        )
        for title, package, compute in COLUMNS
        if not package or _version(package) != ABSENT
    } | {
        title: (_version(package), [number for mix in MIXES for number in compute(mix)])
        for title, package, compute in ESTIMATES
        if not package or _version(package) != ABSENT
    }


def page(interpreters: Sequence[str] = ()) -> str:
    found = lines()
    for interpreter in interpreters:
        command = [interpreter, "-W", "ignore", "-m", "tests.peers", "--lines"]
        told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        found = json.loads(told.splitlines()[-1]) | found
    rows = [f"{column} {start}–{stop - 1}" for column, start, stop in CHUNKS]
    drift = _table(rows, [column[:2] for column in COLUMNS], found, 10)
    names = [f"{name}{more}" for more in ("", ", harder inputs") for name in cbpe.NAMES]
    estimates = _table(names, [line[:2] for line in ESTIMATES], found, 5)
    return f"{INTRODUCTION}\n{drift}\n{OF_ESTIMATES}\n{estimates}"


def _table(
    head: Sequence[str],
    lines: Sequence[tuple[str, str]],
    found: Mapping[str, tuple[str, list[float]]],
    digits: int,
) -> str:
    table = ["| number |" + "".join(f" {name} |" for name in head), "|---|" + "---|" * len(head)]
    for title, package in lines:
        of, numbers = found.get(title, (ABSENT, []))
        named = f"{title} ({package} {of})" if package else f"driftwatch: {title}"
        shown = "".join(f" {number:.{digits}g} |" for number in numbers) or " – |" * len(head)
        table.append(f"| {named} |{shown}")
    return "\n".join(table) + "\n"


INTRODUCTION = """\
# Beside other packages

Made by `python -m tests.peers [PYTHON …] > docs/statistics-peers.md` on chunks of NannyML's car loan. driftwatch's own numbers are from counts in
64 cells; those "as" another tool follow its definition on raw values (`driftwatch/drift/raw.py`), and the tests hold them to what
evidently 0.7.23, frouros 0.9.0 and nannyml 0.13.1 print, to the last digit. Each package ran in an environment of its own, which is what
the interpreters in the command are for.

The same definitions on your own values, two files with one number per line:
`python -m tests.peers --raw reference.txt current.txt`. No counts in cells that the reference fixed can give Evidently's and
frouros' numbers, for those cut reference and window together.
"""

OF_ESTIMATES = f"""\
## Multiclass estimates without labels

Macro averages over three classes, estimated for {ROWS:,} predictions from {ROWS:,} labelled ones of the reference, whose scores are too sure of
themselves (`tests/drift/cbpe.py`); once with inputs as in the reference and once with harder ones. driftwatch's are from counts in 64 cells of each class's own score. nannyml
also divides the calibrated probabilities of each row by their sum, which counts by class cannot know.
"""


def _version(package: str) -> str:
    if not package:
        return ""
    try:
        return version(package)
    except PackageNotFoundError:
        return ABSENT


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["--lines"]:
            sys.stdout.write(json.dumps(lines()) + "\n")
        case ["--raw", reference, current]:
            sys.stdout.write(raw_page(reference, current))
        case interpreters:
            sys.stdout.write(page(interpreters))
