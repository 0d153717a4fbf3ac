import subprocess
from collections.abc import Callable

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import generate_latest as text_latest
from prometheus_client.openmetrics.exposition import generate_latest as open_latest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_parse
from prometheus_client.parser import text_string_to_metric_families as text_parse

from driftwatch.telemetry.board import Board
from driftwatch.telemetry.catalogue import catalogue
from driftwatch.telemetry.collector import PictureCollector, Scrapes
from driftwatch.telemetry.counts import Counting
from driftwatch.telemetry.exposition import Format, negotiate, takes_gzip
from tests.telemetry import pictures
from tests.telemetry.promtool import promtool

HOSTILE = (
    "plain",
    "new\nline",
    'quo"te',
    "back\\slash",
    "{braces}",
    "\x1b[31mred",
    "nul\x00",
    "lone\udc80",
    "",
    "x" * 1_000_000,
    "ünï",
    "\u2028sep",
)


def collector(*values: str, version: str = "v1") -> PictureCollector:
    board = Board(pictures.health())
    made = pictures.layout(values or ("PT", "ES"))
    counting = Counting()
    counting.committed(0.02)
    board.publish(
        pictures.snapshot(pictures.version_view(pictures.reading(made, version))), counting.counts()
    )
    return PictureCollector(board, 50_000, clock=lambda: 1.0)


def scrape(made: PictureCollector, format_: Format) -> str:
    return Scrapes(made, clock=lambda: 1.0).scrape(format_, gzipped=False).body.decode()


@pytest.mark.parametrize(
    ("format_", "latest"),
    [(Format.TEXT, text_latest), (Format.OPEN_METRICS, open_latest)],
    ids=["text", "open"],
)
@pytest.mark.parametrize("values", [("PT", "ES"), HOSTILE], ids=["plain", "hostile"])
def test_it_writes_what_prometheus_client_writes(
    format_: Format, latest: Callable[[CollectorRegistry], bytes], values: tuple[str, ...]
) -> None:
    made = collector(*values)
    registry = CollectorRegistry()
    registry.register(made)
    assert comparable(scrape(made, format_)) == comparable(latest(registry).decode())


def comparable(text: str) -> list[str]:
    """Lines with numbers in one spelling (theirs uses Go's exponents), without those of the process."""
    lines: list[str] = []
    for line in text.splitlines():
        if line.startswith("#"):
            lines.append(line)
        elif not line.startswith("process_"):
            head, _, number = line.rpartition(" ")
            lines.append(f"{head} {float(number)!r}")
    return lines


@pytest.mark.parametrize("values", [("PT", "ES"), HOSTILE], ids=["plain", "hostile"])
def test_both_parsers_read_the_same_series_back(values: tuple[str, ...]) -> None:
    made = collector(*values, version=values[-1])
    text = {
        (s.name, *sorted(s.labels.items())): s.value
        for f in text_parse(scrape(made, Format.TEXT))
        for s in f.samples
    }
    open_ = {
        (s.name, *sorted(s.labels.items())): s.value
        for f in open_parse(scrape(made, Format.OPEN_METRICS))
        for s in f.samples
    }
    kept = {key: value for key, value in text.items() if not key[0].startswith("process_")}
    assert kept == {key: value for key, value in open_.items() if not key[0].startswith("process_")}
    slices = {dict(key[1:])["slice"] for key in kept if key[0] == "driftwatch_window_events"}
    assert len(slices) == len(pictures.layout(values).slices.rows)


def test_every_exposed_family_is_in_the_catalogue() -> None:
    types = {metric.family: str(metric.type) for metric in catalogue()}
    found = {family.name: family.type for family in open_parse(scrape(collector(), Format.OPEN_METRICS))}
    assert found == {name: types[name] for name in found}
    assert len(found) == len(types)


@pytest.mark.parametrize("values", [("PT", "ES"), HOSTILE], ids=["plain", "hostile"])
def test_promtool_finds_nothing(values: tuple[str, ...]) -> None:
    command = [promtool(), "check", "metrics"]
    text = scrape(collector(*values), Format.TEXT)
    done = subprocess.run(command, input=text.encode(), capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


@pytest.mark.parametrize(
    ("accept", "format_"),
    [
        ("", Format.TEXT),
        ("*/*", Format.TEXT),
        ("text/plain", Format.TEXT),
        ("application/openmetrics-text", Format.OPEN_METRICS),
        ("application/openmetrics-text; version=1.0.0; charset=utf-8", Format.OPEN_METRICS),
        ("application/openmetrics-text; version=0.0.1", Format.TEXT),
        ("application/openmetrics-text;q=0", Format.TEXT),
        ("application/openmetrics-text;version=1.0.0;q=0.2,text/plain;version=0.0.4;q=0.9", Format.TEXT),
        ("application/openmetrics-text;q=nonsense", Format.TEXT),
        # Prometheus 2.42 and 3.x
        (
            "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
            "text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
            Format.OPEN_METRICS,
        ),
        (
            "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
            "application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,"
            "text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
            Format.OPEN_METRICS,
        ),
    ],
)
def test_the_format_is_what_the_client_likes(accept: str, format_: Format) -> None:
    assert negotiate(accept) is format_


@pytest.mark.parametrize(
    ("accept", "taken"),
    [("", False), ("gzip", True), ("deflate, gzip;q=0.5", True), ("gzip;q=0", False), ("br", False)],
)
def test_gzip_only_where_it_is_taken(accept: str, taken: bool) -> None:
    assert takes_gzip(accept) is taken
