"""Metric families as the bytes of a scrape: Prometheus text or OpenMetrics, as prometheus_client writes them but faster."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import Final

from prometheus_client.openmetrics.exposition import CONTENT_TYPE_LATEST as _OPEN_METRICS

from driftwatch.telemetry.catalogue import MetricType
from driftwatch.telemetry.series import Family


class Format(Enum):
    """The two formats with their content types."""

    TEXT = "text/plain; version=0.0.4; charset=utf-8"
    OPEN_METRICS = _OPEN_METRICS


END: Final = b"# EOF\n"
"""Closes an OpenMetrics exposition."""

_SPECIAL: Final = {"inf": "+Inf", "-inf": "-Inf", "nan": "NaN"}
_TEXT_TYPES: Final = {MetricType.INFO: "gauge"}


def negotiate(accept: str) -> Format:
    """OpenMetrics 1.0 where the client takes it at least as gladly as text; Prometheus text otherwise."""
    open_metrics, text = 0.0, 0.0
    for choice in accept.split(","):
        media, _, parameters = choice.strip().partition(";")
        found = dict(_parameter(p) for p in parameters.split(";"))
        quality = _quality(found.get("q", "1"))
        if media == "application/openmetrics-text" and found.get("version", "1.0.0") == "1.0.0":
            open_metrics = max(open_metrics, quality)
        elif media in ("text/plain", "text/*", "*/*"):
            text = max(text, quality)
    return Format.OPEN_METRICS if open_metrics > 0 and open_metrics >= text else Format.TEXT


def takes_gzip(accept_encoding: str) -> bool:
    """Whether an Accept-Encoding header allows gzip."""
    for choice in accept_encoding.split(","):
        name, _, parameters = choice.strip().partition(";")
        if name.lower() == "gzip":
            return _quality(dict([_parameter(parameters)]).get("q", "1")) > 0
    return False


def render(families: Iterable[Family], format_: Format) -> bytes:
    """The lines of these families, without the closing `# EOF`; label texts are made once per set of values."""
    lines: list[str] = []
    texts: dict[tuple[tuple[str, ...], tuple[str, ...]], str] = {}
    for family in families:
        lines.append(_header(family, format_))
        names = family.label_names
        for name, labels, value in family.samples:
            key = (names, labels)
            text = texts.get(key)
            if text is None:
                text = texts[key] = _label_text(names, labels)
            lines.append(f"{name}{text} {_number(value)}\n")
    return "".join(lines).encode("utf-8")


def _header(family: Family, format_: Format) -> str:
    metric = family.metric
    if format_ is Format.TEXT:
        name, type_ = metric.name, _TEXT_TYPES.get(metric.type, str(metric.type))
        help_ = metric.help.replace("\\", r"\\").replace("\n", r"\n")
        return f"# HELP {name} {help_}\n# TYPE {name} {type_}\n"
    name, unit = metric.family, metric.open_metrics_unit
    unit_line = f"# UNIT {name} {unit}\n" if unit else ""
    return f"# HELP {name} {_escape(metric.help)}\n# TYPE {name} {metric.type}\n{unit_line}"


def _label_text(names: tuple[str, ...], values: tuple[str, ...]) -> str:
    if not values:
        return ""
    # Only a histogram's bucket has a value for the last name, `le`.
    pairs = sorted(zip(names, values, strict=False))
    return "{" + ",".join(f'{name}="{_escape(value)}"' for name, value in pairs) + "}"


def _escape(text: str) -> str:
    return text.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")


def _number(value: float) -> str:
    text = repr(value)
    return _SPECIAL.get(text, text)


def _parameter(text: str) -> tuple[str, str]:
    name, _, value = text.strip().partition("=")
    return name.strip().lower(), value.strip().strip('"')


def _quality(text: str) -> float:
    try:
        return min(1.0, max(0.0, float(text)))
    except ValueError:
        return 0.0
