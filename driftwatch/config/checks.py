"""What must fit together in a whole configuration, beyond what each Spec says of itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import ip_network
from typing import Any, Final, cast
from urllib.parse import urlsplit

from driftwatch.config.endpoint_checks import check_endpoint
from driftwatch.config.errors import Mistake
from driftwatch.config.evidence_checks import check_pages
from driftwatch.config.marks import Path
from driftwatch.config.model_checks import STREAMS, check_model
from driftwatch.config.parts import Parts
from driftwatch.config.rule_checks import check_rules, check_statistics
from driftwatch.config.words import suggestion
from driftwatch.evidence.budget import Rate
from driftwatch.summaries.patterns import unmatched
from driftwatch.verdicts.spec import Severity
from driftwatch.webhooks.spec import EndpointType

KINDS: Final = (
    "alert",
    "alert.firing",
    "alert.resolved",
    "page",
    "ticket",
    "retrain",
    "retrain.requested",
    "retrain.ended",
)
"""What an endpoint may be sent (`on`)."""

SCHEMES: Final = ("http", "https")
MAIL_SCHEMES: Final = ("smtp", "smtps")
_SERVER: Final = re.compile(r"^(\[[0-9a-fA-F:]+\]|[^\s:/]+):(\d{1,5})$")


def check(data: Any) -> list[Mistake]:
    """Every cross-field mistake in the data of a file, in no particular order; wrong parts are passed over."""
    parts = Parts(data)
    found = [
        *_names(parts, ("models",), "model"),
        *_names(parts, ("endpoints",), "endpoint"),
        *_kafka(parts),
        *_alerting(parts),
        *_endpoints(parts),
        *_dead_letters(parts),
    ]
    for model in parts.entries(("models",)):
        found += _names(parts, (*model, "rules"), "rule")
        found += check_model(parts, model)
        found += check_rules(parts, model)
        found += check_statistics(parts, model)
        found += check_pages(parts, model)
    return found


def _names(parts: Parts, path: Path, what: str) -> Iterator[Mistake]:
    seen: dict[str, int] = {}
    for at in parts.entries(path):
        name = parts.text((*at, "name"))
        if name is None:
            continue
        first = seen.setdefault(name, cast("int", at[-1]))
        if first != at[-1]:
            message = f"the {what} name `{name}` is there twice, first in entry {first + 1} of `{path[-1]}`"
            yield Mistake((*at, "name"), message, "a name of its own for each")


def _kafka(parts: Parts) -> Iterator[Mistake]:
    for at, server in parts.texts(("kafka", "bootstrap_servers")):
        match = _SERVER.match(server)
        if match is None or not 0 < int(match[2]) < 65_536:
            yield Mistake(at, f"`{server}` is not a broker's address", "host:port, such as kafka:9092")
    protocol = parts.text(("kafka", "security_protocol")) or "PLAINTEXT"
    if protocol.startswith("SASL_"):
        yield from _sasl(parts, protocol)
    elif parts.value(("kafka", "sasl_mechanism")) is not None:
        message = f"`sasl_mechanism` is set, but `security_protocol` is {protocol}"
        write = "`security_protocol: SASL_SSL` or SASL_PLAINTEXT"
        yield Mistake(("kafka", "sasl_mechanism"), message, write, True)
    if parts.value(("kafka", "ssl_keyfile")) is not None and parts.value(("kafka", "ssl_certfile")) is None:
        yield Mistake(("kafka", "ssl_keyfile"), "`ssl_keyfile` without `ssl_certfile`", "both of them", True)


def _sasl(parts: Parts, protocol: str) -> Iterator[Mistake]:
    mechanism = parts.text(("kafka", "sasl_mechanism"))
    if mechanism is None:
        message = f"`security_protocol` is {protocol}, and `sasl_mechanism` is missing"
        write = "`sasl_mechanism:` one of PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, OAUTHBEARER"
        yield Mistake(("kafka", "security_protocol"), message, write, True)
        return
    needed = ("sasl_token",) if mechanism == "OAUTHBEARER" else ("sasl_username", "sasl_password")
    for key in needed:
        if parts.value(("kafka", key)) is None:
            message = f"`sasl_mechanism` is {mechanism}, and `{key}` is missing"
            yield Mistake(
                ("kafka", "sasl_mechanism"), message, f"`{key}:` {{file: PATH}} or {{env: NAME}}", True
            )


def _alerting(parts: Parts) -> Iterator[Mistake]:
    url = parts.text(("alerting", "external_url"))
    if url is not None and (reason := url_fault(url)):
        write = "an address such as https://driftwatch.example.com"
        yield Mistake(("alerting", "external_url"), f"`external_url` {reason}", write)
    elif url is not None and (urlsplit(url).query or urlsplit(url).fragment):
        write = "the address without `?` and `#`; links are made by adding paths"
        yield Mistake(("alerting", "external_url"), "`external_url` has a query or a fragment", write)
    budget = parts.text(("alerting", "budget"))
    if budget is not None:
        yield from _rate(("alerting", "budget"), budget)
    for family in ("page", "ticket"):
        if (rate := parts.text(("alerting", "budget", family))) is not None:
            yield from _rate(("alerting", "budget", family), rate)


def _rate(path: Path, text: str) -> Iterator[Mistake]:
    try:
        Rate.parse(text)
    except ValueError:
        message = f"`{path[-1]}` is `{text}`, which is not a rate"
        yield Mistake(path, message, "`1 per week`, or per hour, day, month, year")


def url_fault(url: str, schemes: tuple[str, str] = SCHEMES) -> str:
    """Why this is no address with one of these schemes, without showing it; empty where it is one."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        return f"is not an address ({error})"
    if parts.scheme not in schemes:
        return "does not begin with " + " or ".join(f"{scheme}://" for scheme in schemes)
    if not host or re.search(r"\s", url):
        return "names no host" if not host else "has a blank in it"
    return ""


def _endpoints(parts: Parts) -> Iterator[Mistake]:
    models = [name for at in parts.entries(("models",)) if (name := parts.text((*at, "name"))) is not None]
    severities = [severity.value for severity in Severity]
    for at in parts.entries(("endpoints",)):
        url = parts.text((*at, "url"))
        mail = parts.value((*at, "type")) == EndpointType.EMAIL
        if url is not None and (reason := url_fault(url, MAIL_SCHEMES if mail else SCHEMES)):
            like = "smtp://mail.example.com:587" if mail else "https://ci.example.com/hooks/retrain"
            yield Mistake((*at, "url"), f"`url` {reason}", f"an address such as {like}")
        yield from check_endpoint(parts, at)
        yield from _peers(parts, at, url)
        yield from _listed(parts, (*at, "on"), KINDS, "kind of notification")
        yield from _listed(parts, (*at, "severities"), severities, "severity")
        for place, network in parts.texts((*at, "allow_networks")):
            yield from _network(place, network)
        for place, pattern in parts.texts((*at, "models")):
            if models and unmatched([pattern], models):
                yield Mistake(place, f"the pattern `{pattern}` matches no model", suggestion(pattern, models))


def _peers(parts: Parts, at: Path, url: str | None) -> Iterator[Mistake]:
    seen = [] if url is None else [urlsplit(url).netloc]
    for place, peer in parts.texts((*at, "peers")):
        if reason := url_fault(peer):
            yield Mistake(place, f"a peer {reason}", "an address such as http://alertmanager-1:9093")
        elif urlsplit(peer).netloc in seen:
            yield Mistake(place, "this instance is there twice", "each instance once", True)
        else:
            seen.append(urlsplit(peer).netloc)


def _listed(parts: Parts, path: Path, known: tuple[str, ...] | list[str], what: str) -> Iterator[Mistake]:
    for place, text in parts.texts(path):
        if text not in known:
            yield Mistake(place, f"`{text}` is no {what}", suggestion(text, known))
    if parts.value(path) == []:
        yield Mistake(
            path,
            f"`{path[-1]}` is empty, so nothing is ever sent here",
            "at least one of " + ", ".join(known),
        )


def _network(place: Path, network: str) -> Iterator[Mistake]:
    try:
        ip_network(network)
    except ValueError:
        try:
            write = str(ip_network(network, strict=False))
        except ValueError:
            write = "a CIDR such as 10.0.0.0/8 or fd00::/8"
        yield Mistake(place, f"`{network}` is not a network", write)


def _dead_letters(parts: Parts) -> Iterator[Mistake]:
    topic = parts.text(("state", "dead_letter_topic"))
    for model in parts.entries(("models",)):
        for stream in STREAMS:
            if topic is not None and parts.text((*model, stream, "topic")) == topic:
                message = (
                    f"`dead_letter_topic` is `{topic}`, which is also read: dead letters would come back"
                )
                yield Mistake(("state", "dead_letter_topic"), message, "a topic of its own")
                return
