import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import hypothesis.strategies as st
import pytest
import structlog
from hypothesis import given

from driftwatch.events.classes import Stream
from driftwatch.telemetry.logs import VALUE_CHARACTERS, set_up
from driftwatch.telemetry.redaction import MARK, Redaction

HOSTILE = "a\nb\x1b[31m\x00\x9b2J\udc80\u2028{}\"'"


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """Logging is global: leave it as it was."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def logged(level: str = "info", redaction: Redaction | None = None) -> io.StringIO:
    out = io.StringIO()
    set_up("auto", level, out, redaction or Redaction())
    return out


def only(out: io.StringIO) -> dict[str, Any]:
    [line] = out.getvalue().splitlines()
    return json.loads(line)


def test_a_line_is_one_json_object_with_time_and_level_first() -> None:
    out = logged()
    structlog.get_logger().info("pane_closed", model="credit", stream=Stream.LABELS, events=5)
    line = only(out)
    assert list(line) == ["timestamp", "level", "event", "model", "stream", "events"]
    assert (line["level"], line["event"], line["stream"], line["events"]) == (
        "info",
        "pane_closed",
        "labels",
        5,
    )
    assert line["timestamp"].endswith("Z")


def test_hostile_content_stays_one_ascii_line() -> None:
    out = logged()
    structlog.get_logger().warning(HOSTILE, value=HOSTILE, inner={HOSTILE: [HOSTILE]}, other=object())
    text = out.getvalue()
    assert text.isascii()
    assert text.count("\n") == 1
    assert not set(text[:-1]) & {chr(code) for code in range(32)}
    assert only(out)["value"].startswith("a\nb\x1b")


@given(st.dictionaries(st.text(min_size=1), st.text(st.characters(codec=None)) | st.floats() | st.binary()))
def test_whatever_is_logged_is_one_valid_line(values: dict[str, Any]) -> None:
    out = logged()
    structlog.get_logger().info("x", values=values)
    assert only(out)["event"] == "x"


def test_long_values_are_cut() -> None:
    out = logged()
    structlog.get_logger().info("x", value="y" * 1_000_000, many=list(range(10_000)))
    assert len(only(out)["value"]) <= VALUE_CHARACTERS + 1
    assert len(out.getvalue()) < 10_000


def test_lines_of_libraries_have_the_same_form() -> None:
    out = logged()
    logging.getLogger("some.library").warning("went %s\nwrong", "badly")
    line = only(out)
    assert (line["event"], line["level"], line["logger"]) == ("went badly\nwrong", "warning", "some.library")


def test_chatty_libraries_are_quiet() -> None:
    out = logged()
    logging.getLogger("kafka.client").info("sending request")
    logging.getLogger("kafka.client").warning("broker away")
    assert only(out)["event"] == "broker away"


def test_an_error_of_the_kafka_client_is_a_warning() -> None:
    """A lost connection is found again; what is not raises, and is said by us."""
    out = logged()
    logging.getLogger("kafka.net.transport").error("connection lost")
    logging.getLogger("uvicorn").error("a bug")
    assert [json.loads(line)["level"] for line in out.getvalue().splitlines()] == ["warning", "error"]


def test_the_level_holds() -> None:
    out = logged("error")
    structlog.get_logger().warning("no")
    structlog.get_logger().error("yes")
    assert only(out)["event"] == "yes"


def test_a_traceback_is_inside_the_line_and_has_no_secret() -> None:
    out = logged(redaction=Redaction(["hunter2hunter2"]))
    try:
        raise ValueError("cannot use hunter2hunter2")
    except ValueError:
        structlog.get_logger().exception("failed", url="https://x/hunter2hunter2")
    line = only(out)
    assert "Traceback" in line["exception"]
    assert "ValueError" in line["exception"]
    assert "hunter2" not in out.getvalue()
    assert line["url"] == f"https://x/{MARK}"


@pytest.mark.parametrize("place", ["event", "value", "key", "inner", "object", "library"])
def test_a_secret_appears_nowhere(place: str) -> None:
    secret = 'hun"ter2\n3'
    out = logged(redaction=Redaction([secret]))
    log = structlog.get_logger()
    match place:
        case "event":
            log.info(f"x {secret}")
        case "value":
            log.info("x", v=secret)
        case "key":
            log.info("x", **{secret: 1})
        case "inner":
            log.info("x", v=[{"a": (secret,)}])
        case "object":
            log.info("x", v=ValueError(secret))
        case _:
            logging.getLogger("library").error("x %s", secret)
    assert "ter2" not in out.getvalue()


def test_a_terminal_gets_readable_lines_without_escapes_from_the_data() -> None:
    out = Terminal()
    set_up("auto", "info", out, Redaction())
    structlog.get_logger().info("pane_closed", value="\x1b]0;owned\x07\nnext")
    text = out.getvalue()
    assert text.count("\n") == 1
    assert "pane_closed" in text
    assert "\x1b]0" not in text
    assert r"\x1b]0;owned\x07\nnext" in text


def test_json_can_be_had_on_a_terminal_and_readable_lines_in_a_file() -> None:
    out = Terminal()
    set_up("json", "info", out, Redaction())
    structlog.get_logger().info("x")
    assert only(out)["event"] == "x"
    plain = io.StringIO()
    set_up("console", "info", plain, Redaction())
    structlog.get_logger().info("x", a=1)
    assert "a=1" in plain.getvalue()
    assert "\x1b" not in plain.getvalue()


def test_setting_up_twice_writes_once() -> None:
    logged()
    out = logged()
    structlog.get_logger().info("x")
    assert only(out)["event"] == "x"
