import asyncio
import gzip
import json
from dataclasses import replace
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from driftwatch.telemetry.api import OPERATIONS
from driftwatch.telemetry.counts import Counts
from driftwatch.telemetry.openapi import document
from driftwatch.telemetry.web import Guard
from tests.telemetry import pictures
from tests.telemetry.daemon import Daemon

PATHS = [operation.path.replace("{model}", "credit") for operation in OPERATIONS]
ALERT = "0123456789abcdef"
ALL = [
    *PATHS,
    "/metrics",
    "/",
    "/models/credit",
    f"/alerts/{ALERT}",
    "/style.css",
    "/api/docs",
    "/api/v1/openapi.json",
]


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda o: o.name)
def test_every_answer_is_what_the_openapi_document_says(operation: Any) -> None:
    answer = Daemon().client().get(operation.path.replace("{model}", "credit"))
    assert answer.status_code == 200
    described = document()["paths"][operation.path]["get"]["responses"]["200"]
    schema = described["content"]["application/json"]["schema"] | {"components": document()["components"]}
    Draft202012Validator(schema).validate(answer.json())


@pytest.mark.parametrize("path", ALL)
def test_every_answer_has_the_protecting_headers(path: str) -> None:
    answer = Daemon().client().get(path)
    assert answer.status_code == 200
    assert answer.headers["content-security-policy"].startswith("default-src 'none'; style-src 'self'")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", ALL)
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_nothing_but_acknowledging_changes_anything(path: str, method: str) -> None:
    daemon = Daemon()
    before = daemon.board.picture
    assert daemon.client().request(method, path).status_code == 405
    assert daemon.board.picture is before


@pytest.mark.parametrize(
    "path",
    [
        "/nothing",
        "/metrics/",
        "/../etc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/api/v1/models/..%2f..%2fetc%2fpasswd",
        "/api/v1/models/%00",
    ],
)
def test_paths_that_are_not_there_are_refused_as_json(path: str) -> None:
    answer = Daemon().client().get(path, follow_redirects=False)
    assert answer.status_code == 404
    assert answer.json()["error"] in ("not_found", "unknown_model")
    assert "location" not in answer.headers


@pytest.mark.parametrize("path", ALL)
def test_the_host_header_changes_nothing(path: str) -> None:
    daemon = Daemon()
    headers = {"host": "evil.example", "x-forwarded-host": "evil.example", "x-forwarded-proto": "gopher"}
    answer = daemon.client().get(path, headers=headers, follow_redirects=False)
    assert answer.status_code == 200
    assert "evil.example" not in answer.text
    assert "evil.example" not in str(answer.headers)


def test_open_metrics_is_negotiated_and_packed() -> None:
    client = Daemon().client()
    answer = client.get("/metrics", headers={"accept": "application/openmetrics-text; version=1.0.0"})
    assert answer.headers["content-type"] == "application/openmetrics-text; version=1.0.0; charset=utf-8"
    assert answer.text.endswith("# EOF\n")
    assert len(list(text_string_to_metric_families(answer.text))) > 50
    plain = client.get("/metrics", headers={"accept-encoding": "identity"})
    assert plain.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert "content-encoding" not in plain.headers
    assert int(plain.headers["content-length"]) == len(plain.content)
    with client.stream("GET", "/metrics", headers={"accept-encoding": "gzip"}) as packed:
        assert packed.headers["content-encoding"] == "gzip"
        raw = b"".join(packed.iter_raw())
    assert int(packed.headers["content-length"]) == len(raw)
    assert b"driftwatch_psi{" in gzip.decompress(raw)


def test_readiness_is_503_with_reasons_while_healthz_stays() -> None:
    daemon = Daemon()
    daemon.board.update(lambda health: replace(health, standing_by="host-7"))
    answer = daemon.client().get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {
        "ready": False,
        "reasons": {"standing_by": "Another member of the group works: host-7."},
    }
    assert daemon.client().get("/healthz").status_code == 200


def test_probes_take_whatever_parameters_a_prober_adds() -> None:
    assert Daemon().client().get("/healthz?x=1").status_code == 200


def test_a_wrong_parameter_is_a_readable_400() -> None:
    answer = Daemon().client().get("/api/v1/windows?limit=many")
    assert answer.status_code == 400
    assert answer.json() == {
        "error": "bad_parameter",
        "message": "limit must be a whole number from 0 to 100000.",
    }


def test_lone_surrogates_from_the_data_are_written_out() -> None:
    daemon = Daemon()
    shown = pictures.reading(pictures.layout(("PT\udc80",)), version="v\udc80")
    daemon.board.publish(pictures.snapshot(pictures.version_view(shown)), Counts())
    for path in [*PATHS, "/metrics", "/"]:
        assert daemon.client().get(path).status_code == 200
    slices = {row["slice"] for row in daemon.client().get("/api/v1/windows").json()["rows"]}
    assert r"country=PT\udc80" in slices


def test_an_error_in_our_own_code_tells_a_client_nothing() -> None:
    daemon = Daemon()
    daemon.board.publish(replace(daemon.board.picture.snapshot, models={"credit": "secret"}), Counts())  # type: ignore[dict-item]
    answer = daemon.client().get("/api/v1/models")
    assert (answer.status_code, answer.json()["error"]) == (500, "internal")
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text


def test_requests_beyond_the_limit_are_refused_at_once_but_not_the_probe() -> None:
    async def scenario() -> list[int]:
        gate = asyncio.Event()
        statuses: list[int] = []

        async def slow(scope: Any, receive: Any, send: Any) -> None:
            if scope["path"] != "/healthz":
                await gate.wait()
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b""})

        async def send(message: Any) -> None:
            if message["type"] == "http.response.start":
                statuses.append(message["status"])

        async def receive() -> Any:
            return {"type": "http.disconnect"}

        guard = Guard(slow, limit=2)
        scope = {"type": "http", "path": "/metrics", "method": "GET", "headers": []}
        held = [asyncio.create_task(guard(dict(scope), receive, send)) for _ in range(2)]
        await asyncio.sleep(0)
        await guard(dict(scope), receive, send)
        await guard({**scope, "path": "/healthz"}, receive, send)
        gate.set()
        await asyncio.gather(*held)
        await guard(dict(scope), receive, send)
        return statuses

    assert asyncio.run(scenario()) == [503, 200, 200, 200, 200]


def test_prospects_are_answered_without_infinite_numbers() -> None:
    daemon = Daemon()
    daemon.board.publish(pictures.with_evidence(pictures.snapshot()), Counts())
    answer = daemon.client().get("/api/v1/prospects", params={"model": "credit"})
    assert answer.status_code == 200
    (found,) = answer.json()["prospects"]
    assert [power["delay_s"] for power in found["powers"]] == [1_800.0, None]
    assert found["notes"] == ["a note"]


@pytest.mark.parametrize(("path", "count"), [("/api/v1/decisions", 2), ("/api/v1/evidence", 3)])
def test_lists_come_as_one_value_per_line_where_asked(path: str, count: int) -> None:
    daemon = Daemon()
    daemon.board.publish(pictures.with_evidence(pictures.snapshot()), Counts())
    answer = daemon.client().get(path, params={"format": "ndjson"})
    assert answer.headers["content-type"] == "application/x-ndjson"
    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert len(lines) == count
    whole = daemon.client().get(path).json()
    assert lines == whole["decisions" if path.endswith("decisions") else "streams"]


def test_a_model_that_is_not_watched_and_an_alert_that_is_forgotten_are_not_found() -> None:
    client = Daemon().client()
    assert client.get("/models/nobody").status_code == 404
    gone = client.get("/alerts/nothing")
    assert gone.status_code == 404
    assert "not remembered" in gone.text


def test_the_page_shows_what_is_asked_for() -> None:
    text = Daemon().client().get("/models/credit", params={"slice": "country=ES", "version": "v1"}).text
    assert "Slice country=ES, window 1h." in text
