"""Records as they must not be, on the real broker: poison, giants, wrong numbers, wrong times, wrong order (F7, F8, F9, F11, F12)."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from driftwatch.events.classes import RecordClass as Class
from driftwatch.events.classes import Stream
from driftwatch.monitor.spec import ModelSpec
from driftwatch.references.reference import Reference
from driftwatch.source.spec import KafkaSpec
from driftwatch.source.topic_range import TopicRange
from tests.faults.scene import End, Scene, Sent, built_from, forget_peak, resident_bytes, series
from tests.integration.broker import Broker
from tests.monitor.world import MINUTE, START, label, prediction

pytestmark = pytest.mark.slow

PREDICTIONS, LABELS = Stream.PREDICTIONS, Stream.LABELS
MB = 1_000_000
BIG_MB = (1.1, 2, 5, 10, 20)
CLIENT_COPIES = 4
"""kafka-python holds a record this often while it arrives (seen: up to 3.3); F8 hopes for 2."""
Case = tuple[bytes | None, Class]


def good(number: int, time_ms: int | None = None, **changes: Any) -> bytes:
    """A prediction as it should be; a change to `...` leaves a field out, one to bytes is written as it is."""
    time_ms = START + number * 1_000 if time_ms is None else time_ms
    record: dict[str, Any] = json.loads(prediction(number, time_ms, random.Random(number)))
    written = {key: json.dumps(value).encode() for key, value in record.items()}
    for key, value in changes.items():
        if value is ...:
            del written[key]
        else:
            written[key] = value if isinstance(value, bytes) else json.dumps(value).encode()
    return b"{" + b", ".join(b'"%s": %s' % (key.encode(), value) for key, value in written.items()) + b"}"


def answer(number: int, value: bytes, time: bytes | None = None) -> bytes:
    """A label with this text where its value stands."""
    time = str(START + number * 1_000).encode() if time is None else time
    return b'{"id": "id-%d", "ts": %s, "y": %s}' % (number, time, value)


DIGITS = b"7" * 5_000
DEEP = 100_000

POISON: list[Case] = [
    (b"\xff\xfe{", Class.INVALID_UTF8),
    (b'{"id": "a\xff\xfe", "ts": 1}', Class.INVALID_UTF8),
    (b'{"id": 1, "timest', Class.INVALID_JSON),
    (good(0)[:-1], Class.INVALID_JSON),
    (good(0) + b"}", Class.INVALID_JSON),
    (b"[1, 2]", Class.INVALID_NOT_OBJECT),
    (b'"text"', Class.INVALID_NOT_OBJECT),
    (b"null", Class.INVALID_NOT_OBJECT),
    (b"5", Class.INVALID_NOT_OBJECT),
    (b"", Class.INVALID_EMPTY),
    (b" \r\n\t", Class.INVALID_EMPTY),
    (None, Class.INVALID_TOMBSTONE),
    (b"[" * DEEP, Class.INVALID_NESTING),
    (b"[" * DEEP + b"]" * DEEP, Class.INVALID_NESTING),
    (good(0, extra=b'{"a":' * DEEP + b"1" + b"}" * DEEP), Class.INVALID_NESTING),
    (DIGITS, Class.INVALID_NOT_OBJECT),
    (good(0, id=DIGITS), Class.INVALID_ID),
    (good(0, ts=DIGITS), Class.INVALID_TIME),
    (good(0, v=DIGITS), Class.INVALID_VERSION),
    (good(0, id=...), Class.INVALID_ID),
    (good(0, id={}), Class.INVALID_ID),
    (good(0, id=[]), Class.INVALID_ID),
    (good(0, id=True), Class.INVALID_ID),
    (good(0, id=""), Class.INVALID_ID),
    (good(0, v=...), Class.INVALID_VERSION),
    (good(0, v={}), Class.INVALID_VERSION),
    (b'{"id": "first", ' + good(0)[1:], Class.INVALID_DUPLICATE_KEY),
    (b'{"score": 0.1, ' + good(0)[1:], Class.INVALID_DUPLICATE_KEY),
]
"""Predictions that cannot be read."""

POISON_LABELS: list[Case] = [
    (b"\x00\x01\x02\x80", Class.INVALID_UTF8),
    (b'{"id": "id-0", "ts"', Class.INVALID_JSON),
    (None, Class.INVALID_TOMBSTONE),
    (b"", Class.INVALID_EMPTY),
    (b'{"y":' * DEEP, Class.INVALID_NESTING),
    (answer(0, DIGITS), Class.INVALID_LABEL),
    (b'{"y": 1, ' + answer(0, b"0")[1:], Class.INVALID_DUPLICATE_KEY),
    (answer(0, b"{}"), Class.INVALID_LABEL),
    (answer(0, b"2"), Class.INVALID_LABEL),
    (answer(0, b'"1"'), Class.INVALID_LABEL),
    (answer(0, b"1e999"), Class.INVALID_LABEL),
    (answer(0, b"-Infinity"), Class.INVALID_LABEL),
    (answer(0, "\u0661".encode()), Class.INVALID_JSON),
    (answer(0, '"\u0661"'.encode()), Class.INVALID_LABEL),
    (answer(0, b"1_0"), Class.INVALID_JSON),
]
"""Labels that cannot be read."""

MISSING_NUMBERS = (b"null", b"NaN", ...)
WRONG_NUMBERS = (
    b"Infinity",
    b"-Infinity",
    b"1e999",
    b"-1e999",
    DIGITS,
    b'"1.5"',
    b'"1_000"',
    b'"NaN"',
    b'""',
    "\u0663\u0664".encode().join((b'"', b'"')),
    "\uff11".encode().join((b'"', b'"')),
    b"true",
    b"false",
    b"[]",
    b"{}",
)
RIGHT_NUMBERS = (b"0", b"-0.0", b"1e-400", b"1.7e308", b"-1.7e308", b"123456789012345678901234567890")
NO_NUMBERS = (b"1_000", "\u0663".encode(), b"0x10", b"+1", b".5", b"01", b"1e", b"nan", b"inf")
"""What is no JSON at all."""

BAD_TIMES = (
    b"-1",
    b"-86400000",
    b"253402300800000",
    b"1700000000000000",
    b"99999999999999999999",
    b"1e999",
    b"NaN",
    b"true",
    b'"1700000000000"',
    b'"2023-11-14T22:13:20Z"',
    b"null",
    DIGITS,
)
"""Before 1970, behind 9999, microseconds for milliseconds, and what is no epoch number."""
BAD_ISO = (
    b"1700000000000",
    '"\uff12\uff10\uff12\uff13-11-14T22:13:20Z"'.encode(),
    '"\u0662\u0660\u0662\u0663-11-14"'.encode(),
    b'"2023-02-30T00:00:00Z"',
    b'"1969-12-31T23:59:59Z"',
    b'"10000-01-01T00:00:00Z"',
    b'"2023-11-14T25:00:00Z"',
    b'"yesterday"',
)


PRICES = 900
OUTSIDE = (*MISSING_NUMBERS[:2], *WRONG_NUMBERS, b"1.7e308", b"1e12")
"""Predicted prices that can be in no sum: missing, invalid, or beyond the range that is summed (E13)."""
WRONG_LABELS = (b"NaN", b"Infinity", b"-1e999", b"1e301", DIGITS, b'"1"', b"true", b"{}")
FAR_LABELS = (b"1e299", b"-1e299", b"1e15")


def price(number: int) -> tuple[bytes, bytes]:
    """Predicted price and label of one sale; the first ones are wrong in one or the other."""
    predicted, sold = b"%d" % (100 + number % 7), b"%d" % (100 + number % 5)
    if number < len(OUTSIDE):
        predicted = OUTSIDE[number]
    elif number < len(OUTSIDE) + len(WRONG_LABELS):
        sold = WRONG_LABELS[number - len(OUTSIDE)]
    elif number < len(OUTSIDE) + len(WRONG_LABELS) + len(FAR_LABELS):
        sold = FAR_LABELS[number - len(OUTSIDE) - len(WRONG_LABELS)]
    return predicted, sold


def price_reference(spec: ModelSpec) -> Reference:
    rows = [good(n, score=100 + n % 7, y=100 + n % 5) for n in range(1_000)]
    return built_from(spec, rows)


def send_prices(scene: Scene) -> None:
    sales = [price(n) for n in range(PRICES)]
    predictions = [Sent(good(n, score=predicted)) for n, (predicted, _) in enumerate(sales)]
    scene.produce(scene.topic("prices"), predictions)
    scene.produce(scene.topic("prices", LABELS), [Sent(answer(n, sold)) for n, (_, sold) in enumerate(sales)])


@dataclass
class Run:
    """What was seen while the daemon ran, and what it left behind."""

    scene: Scene
    end: End = field(init=False)
    metrics: str = ""
    page: str = ""
    status: dict[str, Any] = field(default_factory=dict[str, Any])
    poison: list[Case] = field(default_factory=list[Case])
    poison_labels: list[Case] = field(default_factory=list[Case])
    grown_bytes: dict[float, int] = field(default_factory=dict[float, int])
    """Peak of resident memory while a record of so many megabytes went by."""
    left_bytes: int = 0
    """Resident memory after all of them, beyond what it was before."""


@pytest.fixture(scope="module")
def run(kafka: Broker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    scene = Scene(kafka, tmp_path_factory.mktemp("bad-records"))
    run = Run(scene)
    scene.config["state"]["dead_letter_topic"] = kafka.create_topic()
    scene.model("poison")
    scene.model("large", {"labels": None, "rules": None})
    scene.model("numbers", {"predictions": {"id": None}, "labels": None, "rules": None})
    scene.model("prices", {"task": "regression", "rules": None}, build=price_reference)
    scene.model("times", {"labels": {"time": "ts"}, "rules": None})
    scene.model("order", {"labels": None, "rules": None}, partitions=2)
    try:
        # Before the start: an empty partition is idle, and what it brings later is judged by the closed frontier too (E4).
        send_order(scene)
        scene.start()
        send_poison(run)
        send_numbers(scene)
        send_prices(scene)
        send_times(scene)
        scene.consumed()
        send_large(run)
        scene.idle()
        run.metrics, run.page = scene.daemon.get("/metrics"), scene.daemon.get("/")
        run.status = scene.daemon.get("/api/v1/status")
        run.end = scene.stop()
        yield run
    finally:
        scene.daemon.close()


def send_poison(run: Run) -> None:
    """Poison first, last, and between good records."""
    for n, case in enumerate(POISON):
        run.poison += [case, (good(n + 1), Class.ACCEPTED)]
    for n, (value, why) in enumerate(POISON_LABELS):
        run.poison_labels += [(value, why), (label(n + 1, START + (n + 1) * 1_000, 1), Class.ACCEPTED)]
    run.poison.append(POISON[0])
    run.scene.produce(run.scene.topic("poison"), (Sent(value) for value, _ in run.poison))
    run.scene.produce(run.scene.topic("poison", LABELS), (Sent(value) for value, _ in run.poison_labels))


def send_large(run: Run) -> None:
    """One after the other, each alone, so that its memory can be told; then many at once, also compressed."""
    scene, number, topic = run.scene, 0, run.scene.topic("large")
    pid = scene.daemon.pid
    at_first = resident_bytes(pid)
    for megabytes in BIG_MB:
        before = resident_bytes(pid)
        forget_peak(pid)
        value = good(number, filler="x" * int(megabytes * MB))
        scene.produce(topic, [Sent(good(number)), Sent(value), Sent(good(number + 1))])
        scene.consumed()
        run.grown_bytes[megabytes] = resident_bytes(pid, peak=True) - before
        number += 2
    giants = [Sent(b"[" * int(megabytes * MB)) for megabytes in BIG_MB]
    scene.produce(topic, giants)
    scene.produce(topic, [Sent(good(number)), *giants, Sent(good(number + 1))], **{"compression.type": "lz4"})
    scene.consumed()
    run.left_bytes = resident_bytes(pid) - at_first


def send_numbers(scene: Scene) -> None:
    values: list[bytes] = []
    for name in ("x", "score"):
        for text in (*MISSING_NUMBERS, *WRONG_NUMBERS, *RIGHT_NUMBERS, *NO_NUMBERS):
            values.append(good(len(values), **{name: text}))
    values += [good(n) for n in range(len(values), len(values) + 400)]  # enough for statistics
    scene.produce(scene.topic("numbers"), map(Sent, values))


def send_times(scene: Scene) -> None:
    """Records carry their event time as timestamp, but for the wrong ones; a good record follows each of those."""
    made: list[Sent] = [Sent(good(0), START)]

    def then_good() -> None:
        n = len(made)
        made.append(Sent(good(n), START + n * 1_000))

    for text in BAD_TIMES:
        made.append(Sent(good(len(made), ts=text), START))
        then_good()
    for ahead_ms in FUTURE_MS:
        made.append(Sent(good(len(made), START + ahead_ms), START))
        then_good()
    # the producer's own clock is wrong: set aside by the wall clock, never looked at
    made.append(Sent(good(len(made), YEAR_9999), YEAR_9999))
    made.append(Sent(b"not even JSON", YEAR_9999))
    then_good()
    made.append(Sent(good(len(made), START // 1_000), START))  # seconds for milliseconds: January 1970
    made += [Sent(good(n, START + n * 1_000), START + n * 1_000) for n in range(len(made), 600)]
    scene.produce(scene.topic("times"), made)
    labels = [Sent(answer(n, b"1", text)) for n, text in enumerate(BAD_ISO)]
    scene.produce(scene.topic("times", LABELS), [*labels, Sent(answer(9, b"1", b'"2023-11-14T22:13:20Z"'))])


YEAR_9999 = 253_402_300_799_000
FUTURE_MS = (10 * MINUTE + 1, 86_400_000, YEAR_9999 - START)


def order_times() -> dict[int, list[int]]:
    """Partition 1 is five minutes behind partition 0 and as much out of order; the allowance is 2 minutes."""
    made: dict[int, list[int]] = {}
    for partition in (0, 1):
        rng = random.Random(partition)
        made[partition] = [
            START - partition * 5 * MINUTE + n * 1_000 - rng.choice((0, 0, rng.randrange(4 * MINUTE)))
            for n in range(1_200)
        ]
    return made


def send_order(scene: Scene) -> None:
    times = order_times()
    records = [Sent(good(2 * n + p, times[p][n]), times[p][n], p) for n in range(1_200) for p in (0, 1)]
    scene.produce(scene.topic("order"), records)


def wanted(cases: list[Case]) -> Counter[Class]:
    return Counter(why for _, why in cases)


def test_f7_poison_is_counted_by_its_reason_and_passed_over(run: Run) -> None:
    assert run.end.of("poison") == wanted(run.poison)
    labels = Counter(run.end.of("poison", LABELS))
    labels[Class.ACCEPTED] += labels.pop(Class.WAITING, 0)  # the last ones are not decided yet
    assert labels == wanted(run.poison_labels)
    for why, count in wanted(run.poison).items():
        family, _, reason = why.partition(":")
        found = series(run.metrics, "driftwatch_records_total", model="poison", stream="predictions")
        (counted,) = [
            n for text, n in found.items() if f'class="{family}"' in text and f'reason="{reason}"' in text
        ]
        assert counted == count


def test_f7_every_poison_leaves_an_escaped_sample(run: Run) -> None:
    text = (run.scene.folder / "state" / "dead-letters.ndjson").read_bytes()
    assert text.isascii()
    letters = [json.loads(line) for line in text.splitlines()]
    check_letters([letter for letter in letters if letter["model"] == "poison"], run, key="class")
    assert run.status["dead_letters_dropped"] == 0


def test_f7_samples_are_on_the_dead_letter_topic_too(run: Run) -> None:
    spec = KafkaSpec(bootstrap_servers=[run.scene.kafka.bootstrap_servers])
    topic = TopicRange(spec, run.scene.config["state"]["dead_letter_topic"])
    values = [value or b"" for one in topic.partitions() for batch in one for value in batch.values]
    topic.close()
    letters = [json.loads(value) for value in values]
    check_letters([letter for letter in letters if letter["model"] == "poison"], run, key="reason")


def check_letters(letters: list[dict[str, Any]], run: Run, key: str) -> None:
    """Each unreadable record has one letter with place, class and a sample of at most 256 printable characters."""
    cases = {Stream.PREDICTIONS: run.poison, Stream.LABELS: run.poison_labels}
    expected = {
        (stream, offset): (value, why)
        for stream, those in cases.items()
        for offset, (value, why) in enumerate(those)
        if why is not Class.ACCEPTED
    }
    found = {(Stream(letter["stream"]), letter["offset"]): letter for letter in letters}
    assert len(found) == len(letters), "one letter per record"
    assert {place: letter[key] for place, letter in found.items()} == {
        place: why for place, (_, why) in expected.items()
    }
    for place, letter in found.items():
        sample, value = letter["sample"], expected[place][0] or b""
        assert len(sample) <= 256
        assert sample.isprintable()
        assert (value.decode("latin-1").encode("unicode_escape").decode()).startswith(sample)
        assert bool(sample) == bool(value)


def test_f8_records_over_the_limit_are_counted_and_not_kept(run: Run) -> None:
    classes = run.end.of("large")
    assert classes == {Class.OVER_LIMIT: 3 * len(BIG_MB), Class.ACCEPTED: 2 * len(BIG_MB) + 2}


def test_f8_memory_grows_with_the_record_and_not_with_how_many_there_were(run: Run) -> None:
    """The client copies a fetch from socket to frame to batch to value; ours is none of the copies."""
    fetch_bytes = 2**20  # what a fetch may always hold
    print({mb: round(grown / (mb * MB), 2) for mb, grown in run.grown_bytes.items()}, run.left_bytes)
    for megabytes, grown_bytes in run.grown_bytes.items():
        assert grown_bytes < CLIENT_COPIES * (megabytes * MB + fetch_bytes), run.grown_bytes
    assert run.left_bytes < CLIENT_COPIES * max(BIG_MB) * MB, "after all of them"


def test_f9_wrong_numbers_are_missing_or_invalid_cells(run: Run) -> None:
    sent = len(MISSING_NUMBERS) + len(WRONG_NUMBERS) + len(RIGHT_NUMBERS) + len(NO_NUMBERS)
    classes = run.end.of("numbers")
    assert classes == {
        Class.ACCEPTED: 2 * sent - 2 * len(NO_NUMBERS) + 400,
        Class.INVALID_JSON: 2 * len(NO_NUMBERS),
    }
    part = run.scene.references["numbers"].layout.part(PREDICTIONS)
    assert part is not None
    panes = [p for key, p in run.end.saved.panes.items() if key.model == "numbers" and key.width_ms == MINUTE]
    for name in ("x", "score"):
        (described,) = [one for one in part.fields if one.name == name]
        counted = sum(pane[0] for pane in panes)
        assert sum(counted[described.start : described.stop]) == classes[Class.ACCEPTED]
        assert counted[described.missing] == len(MISSING_NUMBERS), name
        assert counted[described.invalid] == len(WRONG_NUMBERS), name


def test_f9_sums_hold_what_is_in_range_and_nothing_else(run: Run) -> None:
    """The mean absolute error of a regression model, against plain arithmetic over the usable sales."""
    labels = Counter(run.end.of("prices", LABELS))
    assert labels[Class.MISSING_LABEL] == 1, "NaN"
    assert labels[Class.INVALID_LABEL] == len(WRONG_LABELS) - 1
    assert run.end.of("prices") == {Class.ACCEPTED: PRICES}
    chosen = {"model": "prices", "window": "30m"}
    (end_s,) = series(
        run.metrics, "driftwatch_window_end_timestamp_seconds", stream="labels", **chosen
    ).values()
    wrong = len(OUTSIDE) + len(WRONG_LABELS) + len(FAR_LABELS)
    usable = range(wrong, int(end_s) - START // 1_000)
    assert len(usable) > 300
    errors = [int(price(n)[0]) - int(price(n)[1]) for n in usable]
    (mae,) = series(run.metrics, "driftwatch_mae", slice="all", **chosen).values()
    assert mae == pytest.approx(sum(map(abs, errors)) / len(errors), rel=1e-6)  # sums are fixed-point
    (bias,) = series(run.metrics, "driftwatch_bias", slice="all", **chosen).values()
    assert bias == pytest.approx(sum(errors) / len(errors), rel=1e-6)  # sums are fixed-point


def test_f9_no_gauge_is_poisoned(run: Run) -> None:
    gauges = [line for line in run.metrics.split("\n") if line and not line.startswith("#")]
    assert [g for g in gauges if g.endswith((" NaN", " +Inf", " -Inf")) and 'le="' not in g] == []
    psi = series(run.metrics, "driftwatch_psi", model="numbers", feature="x", slice="all")
    assert psi
    assert all(0 <= value < 1 for value in psi.values()), psi


def test_f11_wrong_times_have_their_class_and_poison_no_watermark(run: Run) -> None:
    classes = run.end.of("times")
    assert classes[Class.INVALID_TIME] == len(BAD_TIMES)
    assert classes[Class.FUTURE] == len(FUTURE_MS) + 2
    assert classes[Class.LATE] == 1, "seconds for milliseconds lie in 1970"
    assert classes == {
        Class.INVALID_TIME: len(BAD_TIMES),
        Class.FUTURE: len(FUTURE_MS) + 2,
        Class.LATE: 1,
        Class.ACCEPTED: run.scene.sent_to("times") - len(BAD_TIMES) - len(FUTURE_MS) - 3,
    }
    labels = run.end.of("times", LABELS)
    assert labels.pop(Class.INVALID_TIME) == len(BAD_ISO)
    assert sum(labels.values()) == 1


def test_f11_panes_still_close(run: Run) -> None:
    (closed,) = series(
        run.metrics, "driftwatch_panes_closed_total", model="times", stream="predictions"
    ).values()
    assert closed == (599_000 - 2 * MINUTE) // MINUTE, "all but what the lateness holds open"
    (frontier,) = series(
        run.metrics, "driftwatch_frontier_timestamp_seconds", model="times", stream="predictions"
    ).values()
    assert frontier == (START + 599_000 - 2 * MINUTE) / 1_000


def test_f12_late_is_judged_by_the_partition_alone(run: Run) -> None:
    for partition, times in order_times().items():
        late, newest = 0, times[0]
        for time_ms in times:
            late += time_ms < newest - 2 * MINUTE
            newest = max(newest, time_ms)
        assert 0 < late < len(times) // 2
        assert run.end.classes["order", PREDICTIONS, partition] == {
            Class.LATE: late,
            Class.ACCEPTED: len(times) - late,
        }
