import msgspec

from driftwatch.monitor.history import LINES_MAX, POINTS_MAX, History, HistoryState
from driftwatch.verdicts.verdict import CODE, Verdict
from tests.telemetry import pictures

MINUTE = 60_000


def test_a_reading_leaves_the_greatest_of_all_traffic() -> None:
    history = History(HistoryState())
    reading = pictures.reading(pictures.layout(features=("age", "income")))
    history.read(reading, Verdict.WARNING)
    (line,) = history.lines
    psi = reading.estimates["psi"]
    assert (line.version, line.stream, line.window, line.names) == (
        "v1",
        "predictions",
        "1h",
        ("psi", "event_ratio"),
    )
    assert line.ends_ms.tolist() == [reading.end_ms]
    assert line.events.tolist() == [int(reading.events[0])]
    assert line.verdicts.tolist() == [CODE[Verdict.WARNING]]
    assert line.numbers[0, 0, 0] == psi.value[0].max()


def test_what_rules_said_last_of_a_window_is_known_after_a_restart() -> None:
    history = History(HistoryState())
    history.read(pictures.reading(pictures.layout()), Verdict.DRIFT)
    again = History(msgspec.msgpack.decode(history.encoded(), type=HistoryState))
    assert again.said("v1", ["1h"]) == [Verdict.DRIFT]
    assert again.said("v1", ["1d"]) == again.said("v2", ["1h"]) == []


def test_what_is_said_of_a_version_stands_with_its_evidence() -> None:
    history = History(HistoryState())
    history.judged("1", MINUTE, Verdict.OK, [pictures.evidence()])
    (line,) = history.lines
    assert line.names == ("inputs",)
    assert line.numbers.tolist() == [[[12.0, 12.0, 9.0]]]
    assert history.verdicts == {"1": Verdict.OK}


def test_it_comes_back_from_the_checkpoint_as_it_was() -> None:
    history = History(HistoryState())
    history.judged("1", MINUTE, Verdict.OK, [pictures.evidence()])
    history.read(pictures.reading(pictures.layout()), Verdict.DRIFT)
    again = History(msgspec.msgpack.decode(history.encoded(), type=HistoryState))
    assert again.lines == history.lines
    assert again.encoded() == history.encoded()


def test_time_never_steps_back_and_the_last_word_at_a_time_counts() -> None:
    history = History(HistoryState())
    for end, verdict in ((5, Verdict.OK), (10, Verdict.OK), (10, Verdict.DRIFT), (7, Verdict.WARNING)):
        history.judged("1", end * MINUTE, verdict)
    (line,) = history.lines
    assert line.ends_ms.tolist() == [5 * MINUTE, 10 * MINUTE]
    assert line.verdicts.tolist() == [CODE[Verdict.OK], CODE[Verdict.WARNING]]


def test_the_past_is_bounded_and_the_oldest_goes() -> None:
    history = History(HistoryState())
    for minute in range(POINTS_MAX + 5):
        history.judged("1", minute * MINUTE, Verdict.OK)
    (line,) = history.lines
    assert line.ends_ms.tolist() == [minute * MINUTE for minute in range(5, POINTS_MAX + 5)]
    assert len(line.verdicts) == len(line.events) == len(line.numbers) == POINTS_MAX


def test_lines_are_limited_and_those_that_ended_first_go() -> None:
    history = History(HistoryState())
    for number in range(LINES_MAX + 3):
        history.judged(f"v{number}", number * MINUTE, Verdict.OK)
    assert len(history.lines) == LINES_MAX
    assert {"v0", "v1", "v2"}.isdisjoint(line.version for line in history.lines)


def test_other_statistics_begin_another_line() -> None:
    history = History(HistoryState())
    history.judged("1", MINUTE, Verdict.OK)
    history.judged("1", 2 * MINUTE, Verdict.OK, [pictures.evidence()])
    (line,) = history.lines
    assert line.ends_ms.tolist() == [2 * MINUTE]
