"""Log lines: one JSON object per event whatever it contains, or readable lines on a terminal; secrets never (F34, P10)."""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Mapping, Sequence
from typing import Any, Final, TextIO, cast

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from driftwatch.telemetry.redaction import Redaction
from driftwatch.telemetry.text import valid_utf8, visible

VALUE_CHARACTERS: Final = 2_000
"""Longest text in a line."""
TRACEBACK_CHARACTERS: Final = 20_000
_DEPTH: Final = 5
_ITEMS: Final = 100
_QUIET: Final = ("kafka", "uvicorn", "asyncio", "httpx2", "httpcore2", "concurrent.futures")
"""Loggers of libraries: their warnings only."""
_FIRST: Final = ("timestamp", "level", "event")


def set_up(log_format: str, level: str, out: TextIO, redaction: Redaction) -> None:
    """Send all log events, ours and those of libraries, to `out`.

    `log_format` is `json`, `console` or `auto` (console on a terminal); `level` is `debug`, `info`,
    `warning` or `error`. May be called again.
    """
    terminal = out.isatty()
    console = log_format == "console" or (log_format == "auto" and terminal)
    number = logging.getLevelNamesMapping()[level.upper()]
    shared: list[Processor] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                _Plain(redaction, one_line=console),
                _console(colors=terminal) if console else _json_line,
            ],
        )
    )
    handler.addFilter(_calm)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(number)
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(number, logging.WARNING))
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )


def _calm(record: logging.LogRecord) -> bool:
    """A Kafka client's errors are warnings: what passes it repairs itself, what does not it raises, and then we say it (F3)."""
    if record.levelno == logging.ERROR and record.name.partition(".")[0] == "kafka":
        record.levelno, record.levelname = logging.WARNING, "WARNING"
    return True


class _Plain:
    """Makes every value a plain one: bounded, valid UTF-8, without secrets; on a terminal without control characters."""

    def __init__(self, redaction: Redaction, one_line: bool) -> None:
        self._redaction = redaction
        self._one_line = one_line

    def __call__(self, logger: WrappedLogger, name: str, event: EventDict) -> EventDict:
        plain: EventDict = {}
        for key, value in event.items():
            if key == "exception":
                plain[key] = self._traceback(str(value))
            else:
                plain[self._text(str(key))] = self._value(value, _DEPTH)
        return plain

    def _value(self, value: object, depth: int) -> object:
        if value is None or isinstance(value, (bool, int)):
            return value
        if isinstance(value, float) and math.isfinite(value):
            return value
        if isinstance(value, Mapping) and depth:
            items = list(cast("Mapping[object, object]", value).items())[:_ITEMS]
            return {self._text(str(k)): self._value(v, depth - 1) for k, v in items}
        if isinstance(value, Sequence) and not isinstance(value, (str, bytes)) and depth:
            return [self._value(v, depth - 1) for v in cast("Sequence[object]", value)[:_ITEMS]]
        return self._text(str(cast("object", value)))

    def _text(self, text: str) -> str:
        clean = self._redaction.clean(text)
        if self._one_line:
            return visible(clean, VALUE_CHARACTERS)
        cut = clean if len(clean) <= VALUE_CHARACTERS else clean[:VALUE_CHARACTERS] + "…"
        return valid_utf8(cut)

    def _traceback(self, text: str) -> str:
        clean = self._redaction.clean(text)[-TRACEBACK_CHARACTERS:]
        if self._one_line:
            return "\n".join(visible(line, VALUE_CHARACTERS) for line in clean.split("\n"))
        return valid_utf8(clean)


def _json_line(logger: WrappedLogger, name: str, event: EventDict) -> str:
    """ASCII only: no terminal, no viewer and no line splitter can be led astray by what a line contains."""
    ordered: dict[str, Any] = {key: event[key] for key in _FIRST if key in event}
    return json.dumps({**ordered, **event}, ensure_ascii=True, allow_nan=False)


def _console(colors: bool) -> Processor:
    return structlog.dev.ConsoleRenderer(
        colors=colors, exception_formatter=structlog.dev.plain_traceback, pad_event_to=28, sort_keys=False
    )
