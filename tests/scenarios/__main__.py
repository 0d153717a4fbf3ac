"""`python -m tests.scenarios`: random cases against the plain model; a failing one is printed with its shrunk log."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from tests.scenarios import mishaps
from tests.scenarios.case import draw
from tests.scenarios.compare import difference
from tests.scenarios.shrink import show, shrink

PROGRESS_S = 30.0


def main() -> int:
    """0 where every seed agrees, 1 where some do not."""
    parser = argparse.ArgumentParser(prog="python -m tests.scenarios", description=__doc__)
    parser.add_argument("--seeds", type=int, default=1_000, help="how many")
    parser.add_argument("--start", type=int, default=0, help="the first one")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="stop after so long")
    parser.add_argument(
        "--mishaps", action="store_true", help="drive the loop, through mishaps of its surroundings"
    )
    parser.add_argument("--world", help="all in this world, instead of one that each seed draws")
    parser.add_argument("--report", type=Path, help="write the closing line here too")
    asked = parser.parse_args()
    started_s = told_s = time.monotonic()
    cpu_s, seeds, failed, records = time.process_time(), 0, list[int](), 0
    for seed in range(asked.start, asked.start + asked.seeds):
        case = draw(seed, asked.world)
        records += case.records
        if asked.mishaps:
            if (what := mishaps.difference(seed, asked.world)) is not None:
                failed.append(seed)
                print(f"seed {seed}, world {case.world!r}: {what}", flush=True)
        elif (what := difference(case)) is not None:
            failed.append(seed)
            print(f"seed {seed}: {what}", flush=True)
            small = shrink(case, lambda smaller: difference(smaller) is not None)
            print(f"shrunk: {difference(small)}\n{show(small)}", flush=True)
        seeds += 1
        now_s = time.monotonic()
        if now_s - told_s > PROGRESS_S:
            told_s = now_s
            print(
                f"{seeds} seeds, {len(failed)} differences, {seeds / (now_s - started_s) * 60:.0f} a minute",
                flush=True,
            )
        if now_s - started_s > 60 * asked.minutes:
            break
    took_s, cpu_s = time.monotonic() - started_s, time.process_time() - cpu_s
    line = (
        f"seeds {asked.start} to {asked.start + seeds - 1}: {len(failed)} differences, {records} records, "
        f"{seeds / took_s * 60:.0f} seeds a minute ({seeds / cpu_s * 60:.0f} on a core of its own)"
    )
    print(line + (f"; failed: {failed}" if failed else ""))
    if asked.report is not None:
        asked.report.write_text(line + "\n", encoding="utf-8")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
