"""A late poll is said with the setting's name and value; one in time, or outside of the group, is not."""

from __future__ import annotations

import structlog

from driftwatch.source.pace import Pace


def test_only_what_is_longer_than_the_limit_is_said() -> None:
    now_s = [100.0]
    pace = Pace(1_000, lambda: now_s[0])
    with structlog.testing.capture_logs() as lines:
        pace.begin()
        now_s[0] += 50  # inside of a poll
        pace.end()
        now_s[0] += 1.0
        pace.begin()
        pace.end()
        now_s[0] += 1.5
        pace.begin()
        pace.end()
        now_s[0] += 9
        pace.forget()
        pace.begin()
    (line,) = lines
    assert (line["event"], line["log_level"]) == ("poll_too_late", "warning")
    assert (line["setting"], line["value"], line["between_polls_ms"]) == (
        "kafka.max_poll_interval_ms",
        1_000,
        1_500,
    )
