"""The world of the demonstration: who applies for credit, what is written down of them, and who defaults."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final

import numpy as np
from numpy.typing import NDArray

from driftwatch.events.spec import MINUTE_MS

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Words = NDArray[np.str_]

STEP_MS: Final = MINUTE_MS
"""The world is drawn in steps of one minute of event time, each from a seed of its own."""
COUNTRIES: Final = ("DE", "ES", "FR", "PT")
COUNTRY_SHARES: Final = (0.36, 0.24, 0.20, 0.20)
CHANNELS: Final = ("web", "branch")
DEVICES: Final = ("mobile", "desktop", "tablet")
PURPOSES: Final = ("car", "home", "education", "business")
DRIFTING_COUNTRY: Final = "PT"
GROSS_TO_NET: Final = 1.6
"""What a gross income is in net incomes: the factor of the upstream change."""
NEVER: Final = np.iinfo(np.int64).max
"""The label time of a loan of which nobody ever hears."""
LABELLED_SHARE: Final = 0.92
_DAY_STEPS: Final = 1_440


@dataclass(frozen=True, slots=True, eq=False)
class Loans:
    """Applications as columns of one length, as they are written down, and what becomes of them."""

    time_ms: Ints
    """Event time of the application, ascending."""
    country: Words
    channel: Words
    age: Floats
    income: Floats
    """Euros a month."""
    debt_ratio: Floats
    """Monthly debt service as a share of the income."""
    loan_amount: Floats
    """Euros."""
    employment_years: Floats
    """NaN where the applicant did not say."""
    inquiries: Floats
    """Credit inquiries in the last year."""
    device: Words
    purpose: Words
    defaulted: NDArray[np.bool_]
    label_ms: Ints
    """Event time at which the outcome becomes known; NEVER for some."""

    def __len__(self) -> int:
        return len(self.time_ms)

    def where(self, chosen: NDArray[np.bool_]) -> Loans:
        """The chosen ones."""
        return Loans(*(getattr(self, field.name)[chosen] for field in fields(self)))


FEATURES: Final = (
    "age",
    "income",
    "debt_ratio",
    "loan_amount",
    "employment_years",
    "inquiries",
    "device",
    "purpose",
)
"""Columns of `Loans` that a record carries as features."""


def together(parts: list[Loans]) -> Loans:
    """Several stretches as one; at least one is needed."""
    return Loans(*(np.concatenate([getattr(p, field.name) for p in parts]) for field in fields(Loans)))


@dataclass(frozen=True, slots=True)
class World:
    """A pure function from event time to loans: the same seed and turning points give the same loans.

    From `gross_from_ms` on, Portugal's incomes arrive gross instead of net, and the debt ratio computed from
    them falls with it; the people are the same. From `downturn_from_ms` on, rates rise: those who earned and
    borrowed much default, and what the model learned no longer holds.
    """

    seed: int
    per_minute: float = 45.0
    """Applications per minute of event time, averaged over the day."""
    gross_from_ms: int = NEVER
    downturn_from_ms: int = NEVER

    def step(self, number: int) -> Loans:
        """The loans of one minute: those with `number * STEP_MS <= time_ms < (number + 1) * STEP_MS`."""
        rng = np.random.default_rng((self.seed, number))
        count = int(rng.poisson(self.per_minute * _daily_wave(number)))
        start_ms = number * STEP_MS
        time_ms = np.sort(rng.integers(start_ms, start_ms + STEP_MS, count))
        return self._loans(rng, time_ms)

    def stretch(self, start_ms: int, end_ms: int) -> Loans:
        """The loans of all whole minutes in [start_ms, end_ms)."""
        return together([self.step(number) for number in range(start_ms // STEP_MS, end_ms // STEP_MS)])

    def _loans(self, rng: np.random.Generator, time_ms: Ints) -> Loans:
        n = len(time_ms)
        country = rng.choice(np.array(COUNTRIES), n, p=COUNTRY_SHARES)
        income = rng.lognormal(np.log(2_400), 0.45, n)
        debt_ratio = rng.lognormal(np.log(0.28), 0.45, n)
        loan_amount = income * rng.lognormal(np.log(4.0), 0.6, n)
        age = np.clip(np.round(rng.normal(41, 12, n)), 18, 80)
        employed = np.minimum(rng.gamma(2.0, 3.5, n), age - 17)
        inquiries = rng.poisson(1.2, n).astype(np.float64)
        purpose = rng.choice(np.array(PURPOSES), n, p=(0.4, 0.25, 0.15, 0.2))
        calm = _calm_logit(income, debt_ratio, loan_amount, employed, inquiries, purpose)
        down = _downturn_logit(income, debt_ratio, loan_amount, employed, inquiries, purpose)
        logit = np.where(time_ms >= self.downturn_from_ms, down, calm)
        gross = (country == DRIFTING_COUNTRY) & (time_ms >= self.gross_from_ms)
        factor = np.where(gross, GROSS_TO_NET, 1.0)
        return Loans(
            time_ms=time_ms,
            country=country,
            channel=rng.choice(np.array(CHANNELS), n, p=(0.7, 0.3)),
            age=age,
            income=_rounded(income * factor, 2),
            debt_ratio=_rounded(debt_ratio / factor, 4),
            loan_amount=_rounded(loan_amount, -2),
            employment_years=np.where(rng.random(n) < 0.02, np.nan, np.round(employed, 1)),
            inquiries=inquiries,
            device=rng.choice(np.array(DEVICES), n, p=(0.6, 0.32, 0.08)),
            purpose=purpose,
            defaulted=rng.random(n) < 1.0 / (1.0 + np.exp(-logit)),
            label_ms=_label_times(rng, time_ms),
        )


def _rounded(column: Floats, decimals: int) -> Floats:
    return np.round(column, decimals)


def _daily_wave(number: int) -> float:
    """Fewer applications at night: between 0.8 and 1.2."""
    return 1.0 - 0.2 * float(np.cos(2 * np.pi * (number % _DAY_STEPS) / _DAY_STEPS))


def _label_times(rng: np.random.Generator, time_ms: Ints) -> Ints:
    """When the outcome is known: a quarter of an hour to two hours later (days, in a slower world)."""
    delay_ms = np.clip(rng.lognormal(np.log(25), 0.5, len(time_ms)), 5, 120) * MINUTE_MS
    known = rng.random(len(time_ms)) < LABELLED_SHARE
    return np.where(known, time_ms + delay_ms.astype(np.int64), NEVER)


def _calm_logit(
    income: Floats, debt_ratio: Floats, loan: Floats, employed: Floats, inquiries: Floats, purpose: Words
) -> Floats:
    """Ordinary times: poor, indebted and new in the job means risk."""
    return (
        -1.7
        - 1.7 * np.log(income / 2_400) / 0.45
        + 1.6 * np.log(debt_ratio / 0.28) / 0.45
        + 0.7 * np.log(loan / 9_600) / 0.75
        - 0.7 * (employed - 7) / 5
        + 0.4 * (inquiries - 1.2)
        + np.where(purpose == "business", 0.6, 0.0)
    )


def _downturn_logit(
    income: Floats, debt_ratio: Floats, loan: Floats, employed: Floats, inquiries: Floats, purpose: Words
) -> Floats:
    """Rates have risen: those who borrowed much on a good income cannot pay, whatever they owed before."""
    return (
        -0.9
        + 1.7 * np.log(income / 2_400) / 0.45
        - 0.3 * np.log(debt_ratio / 0.28) / 0.45
        + 1.6 * np.log(loan / 9_600) / 0.75
        - 0.2 * (employed - 7) / 5
        + 0.4 * (inquiries - 1.2)
        + np.where(purpose == "business", 0.9, 0.0)
    )
