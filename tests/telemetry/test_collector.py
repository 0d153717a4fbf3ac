import gzip
from dataclasses import replace

from prometheus_client.parser import text_string_to_metric_families

from driftwatch.telemetry.board import Board
from driftwatch.telemetry.collector import FRESH_S, PictureCollector, Scrapes
from driftwatch.telemetry.counts import Counts
from driftwatch.telemetry.exposition import Format
from tests.telemetry import pictures


class Clock:
    """Monotonic seconds that a test moves."""

    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def served(max_series: int = 50_000) -> tuple[Board, Clock, Scrapes]:
    board, clock = Board(pictures.health()), Clock()
    board.publish(pictures.snapshot(), Counts())
    return board, clock, Scrapes(PictureCollector(board, max_series, clock), clock)


def value(body: bytes, name: str) -> float:
    [sample] = [s for f in text_string_to_metric_families(body.decode()) for s in f.samples if s.name == name]
    return sample.value


def test_scrapes_of_one_commit_are_the_same_bytes() -> None:
    _, clock, scrapes = served()
    first = scrapes.scrape(Format.TEXT, gzipped=False).body
    clock.now_s += FRESH_S / 2
    assert scrapes.scrape(Format.TEXT, gzipped=False).body is first


def test_a_new_commit_shows_at_once() -> None:
    board, _, scrapes = served()
    assert value(scrapes.scrape(Format.TEXT, gzipped=False).body, "driftwatch_commit_sequence") == 3
    made = pictures.layout(("PT",))
    board.publish(pictures.snapshot(pictures.version_view(pictures.reading(made)), sequence=4), Counts())
    body = scrapes.scrape(Format.TEXT, gzipped=False).body
    assert value(body, "driftwatch_commit_sequence") == 4
    assert b"country=ES" not in body


def test_a_standing_loop_shows_without_a_commit() -> None:
    board, clock, scrapes = served()
    board.update(lambda health: replace(health, turned_at_s=100.0))
    assert value(scrapes.scrape(Format.TEXT, gzipped=False).body, "driftwatch_ready") == 1
    clock.now_s += 3_600.0
    assert value(scrapes.scrape(Format.TEXT, gzipped=False).body, "driftwatch_ready") == 0


def test_gzip_holds_the_same_text() -> None:
    _, _, scrapes = served()
    for format_ in Format:
        plain = scrapes.scrape(format_, gzipped=False)
        packed = scrapes.scrape(format_, gzipped=True)
        assert packed.gzipped
        assert without_process(gzip.decompress(packed.body)) == without_process(plain.body)


def without_process(body: bytes) -> list[bytes]:
    return [line for line in body.splitlines() if not line.startswith(b"process_")]


def test_the_process_is_measured() -> None:
    _, _, scrapes = served()
    body = scrapes.scrape(Format.TEXT, gzipped=False).body
    assert value(body, "process_resident_memory_bytes") > 1_000_000


def test_the_limit_is_on_the_page() -> None:
    _, _, scrapes = served(max_series=50)
    body = scrapes.scrape(Format.TEXT, gzipped=False).body
    assert value(body, "driftwatch_series_limit") == 50
    assert value(body, "driftwatch_series") <= 50
    assert value(body, "driftwatch_series_folded") > 0
    statistics = [line for line in body.splitlines() if b'slice="' in line]
    assert 0 < len(statistics) <= 50


def test_the_registry_names_every_family_once() -> None:
    board, clock, _ = served()
    names = [metric.name for metric in PictureCollector(board, 1_000, clock).collect()]
    assert len(names) == len(set(names))
