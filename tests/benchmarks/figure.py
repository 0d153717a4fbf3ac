"""One line of the benchmark's table: a figure, what it is compared with in the same run, and whether that is enough."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True)
class Figure:
    """`goal` is for `value`: at least it where `more_is_better`, else at most."""

    key: str
    value: float
    unit: str
    what: str
    goal: float | None = None
    more_is_better: bool = True
    product: float | None = None
    """The product's own figure, where `value` is a ratio."""
    bare: float | None = None
    """What it is compared with, measured in the same run."""
    ratio: float | None = None
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def met(self) -> bool | None:
        """Whether the goal is met; None where there is none."""
        if self.goal is None:
            return None
        return self.value >= self.goal if self.more_is_better else self.value <= self.goal

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "met": self.met}


def show(figures: list[Figure]) -> None:
    """Print the table; plain text where nobody looks at a terminal."""
    table = Table(title="driftwatch benchmarks")
    for column in ("key", "value", "product", "bare", "ratio", "goal", "met", "what"):
        table.add_column(
            column, justify="left" if column in ("key", "what") else "right", no_wrap=column == "key"
        )
    for figure in figures:
        sign = "≥" if figure.more_is_better else "≤"
        table.add_row(
            figure.key,
            f"{number(figure.value)} {figure.unit}".strip(),
            number(figure.product),
            number(figure.bare),
            number(figure.ratio),
            "" if figure.goal is None else f"{sign} {number(figure.goal)}",
            {True: "yes", False: "NO", None: ""}[figure.met],
            figure.what,
        )
    Console(width=None if Console().is_terminal else 200).print(table)


def number(value: float | None) -> str:
    """Three digits that matter, thousands apart."""
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:.3g}"
