"""The evidence of one stream computed slowly, in 50 digits, from the formulas of STATISTICS section 4."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal, getcontext

getcontext().prec = 50
STEPS = ("0.2", "0.5", "1.0")


def logit(q: Decimal) -> Decimal:
    return (q / (1 - q)).ln()


def expit(x: Decimal) -> Decimal:
    return 1 / (1 + (-x).exp())


def log_ratio(hits: int, events: int, q0: Decimal, step: str, phi: Decimal) -> Decimal:
    """One bet on one pane, with the cap."""
    q1 = expit(logit(q0) + Decimal(step))
    ratio = hits * (q1 / q0).ln() + (events - hits) * ((1 - q1) / (1 - q0)).ln()
    return min(Decimal(3), ratio / phi)


@dataclass
class Bet:
    q0: Decimal
    step: str
    log: Decimal | None = None
    """None: minus infinity."""
    path: list[Decimal] = field(default_factory=list)

    def see(self, hits: int, events: int, phi: Decimal) -> None:
        if events == 0:
            return
        ratio = log_ratio(hits, events, self.q0, self.step, phi)
        before = Decimal(0) if self.log is None else self.log.exp()
        self.log = ratio + (1 + before).ln()
        self.path.append(ratio)


def mean_evidence(bets: list[Bet]) -> Decimal:
    """Ln E."""
    return (sum((Decimal(0) if b.log is None else b.log.exp() for b in bets), Decimal(0)) / len(bets)).ln()
