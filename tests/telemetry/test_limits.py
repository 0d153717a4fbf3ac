import hypothesis.strategies as st
from hypothesis import given

from driftwatch.telemetry.limits import MAX_KEYS, Limiter


class Clock:
    """Monotonic seconds that a test moves."""

    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def test_the_first_is_said_at_once_and_the_rest_is_gathered() -> None:
    #  0 s: 5 -> said     10 s: 2, 3 -> held     60 s: 1 -> said with what was held
    clock = Clock()
    limiter = Limiter(60.0, clock)
    assert limiter.gather("a", 5) == 5
    clock.now_s = 10.0
    assert limiter.gather("a", 2) == 0
    assert limiter.gather("a", 3) == 0
    assert limiter.gather("b", 7) == 7
    clock.now_s = 60.0
    assert limiter.gather("a", 1) == 6


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(1, 9), st.floats(0, 100)), max_size=50))
def test_nothing_is_lost(steps: list[tuple[str, int, float]]) -> None:
    clock = Clock()
    limiter = Limiter(60.0, clock)
    said = 0
    for key, amount, later_s in steps:
        clock.now_s += later_s
        said += limiter.gather(key, amount)
    clock.now_s += 1_000.0
    said += sum(limiter.gather(key, 1) for key in "ab")
    assert said == sum(amount for _, amount, _ in steps) + 2


def test_a_million_keys_do_not_grow_memory() -> None:
    limiter = Limiter(60.0, Clock())
    for i in range(MAX_KEYS + 5):
        limiter.gather(i)
    assert limiter.gather(MAX_KEYS + 4) == 0  # remembered
    assert limiter.gather(0) == 1  # forgotten, so said again
