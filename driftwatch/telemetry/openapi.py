"""The OpenAPI 3.1 document of the HTTP port, made from the table of operations and the types of their answers."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from typing import Any, Final

import msgspec

from driftwatch import __version__
from driftwatch.telemetry import answers as a
from driftwatch.telemetry import rows
from driftwatch.telemetry.api import OPERATIONS, Operation, Parameter

ACKNOWLEDGE_PATH: Final = "/api/v1/episodes/{episode}/acknowledge"
ACCEPT_PATH: Final = "/api/v1/models/{model}/reference/accept"
RELOAD_PATH: Final = "/api/v1/reload"
_SCHEMA: Final = "#/components/schemas/{name}"
_REFUSALS: Final = {
    400: "The request is wrong; the message says what to write.",
    401: "The bearer token is missing or wrong.",
    403: "Changing anything is off: no `http.token` is configured.",
    404: "There is no such thing.",
    409: "It is refused as things stand; the message says why.",
    413: "The body is too large.",
    503: "Too busy, or not ready; ask again.",
}


@cache
def document() -> dict[str, Any]:
    """The whole document; paths are relative to wherever the daemon is reached."""
    answers = {operation.answer for operation in OPERATIONS} | {
        a.Problem,
        a.Acknowledged,
        a.AcknowledgeRequest,
        a.Accepted,
        a.AcceptRequest,
        a.Reloaded,
    }
    types = sorted(answers, key=lambda answer: answer.__name__)
    _, components = msgspec.json.schema_components(types, ref_template=_SCHEMA)
    for name, text in _field_texts().items():
        owner, field = name
        if owner in components and field in components[owner]["properties"]:
            components[owner]["properties"][field].setdefault("description", text)
    paths: dict[str, Any] = {operation.path: {"get": _get(operation)} for operation in OPERATIONS}
    paths[ACKNOWLEDGE_PATH] = {"post": _acknowledge()}
    paths[ACCEPT_PATH] = {"post": _accept()}
    paths[RELOAD_PATH] = {"post": _reload()}
    paths["/metrics"] = {"get": _metrics()}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "driftwatch",
            "version": __version__,
            "description": "What a driftwatch daemon knows, as of its last commit. Read-only, but for acknowledging a retraining, accepting a new reference and reloading the configuration.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _field_texts() -> dict[tuple[str, str], str]:
    """(type, field) → the text under the field in the source, which msgspec does not keep at run time."""
    found: dict[tuple[str, str], str] = {}
    for module in (a, rows):
        for owner in ast.parse(inspect.getsource(module)).body:
            if isinstance(owner, ast.ClassDef):
                found |= {(owner.name, field): text for field, text in _documented(owner)}
    return found


def _documented(owner: ast.ClassDef) -> Iterator[tuple[str, str]]:
    for field, text in pairwise(owner.body):
        match field, text:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(words))):
                yield name, words
            case _:
                pass


def _get(operation: Operation) -> dict[str, Any]:
    in_path = [_path_parameter(name) for name in re.findall(r"{(\w+)}", operation.path)]
    responses = {"200": _json(operation.summary, operation.answer.__name__)}
    if operation.name == "ready":
        responses["503"] = _json("Not ready, with the reasons.", a.Ready.__name__)
    responses |= {str(status): _problem(status) for status in operation.refusals}
    if operation.path.startswith("/api/"):
        responses |= {"400": _problem(400), "503": _problem(503)}
    return {
        "operationId": operation.name,
        "summary": operation.summary,
        "security": [],
        "parameters": [*in_path, *(_query_parameter(p) for p in operation.parameters)],
        "responses": dict(sorted(responses.items())),
    }


def _acknowledge() -> dict[str, Any]:
    return {
        "operationId": "acknowledge",
        "summary": "Say that a requested retraining is being taken care of.",
        "security": [{"token": []}],
        "parameters": [_path_parameter("episode")],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": {"$ref": _SCHEMA.format(name="AcknowledgeRequest")}}},
        },
        "responses": {
            "200": _json("Acknowledged, and committed.", "Acknowledged"),
            "202": _json("Accepted; it is decided at the next commit.", "Acknowledged"),
            **{str(status): _problem(status) for status in (400, 401, 403, 404, 409, 413, 503)},
        },
    }


def _accept() -> dict[str, Any]:
    return {
        "operationId": "accept_reference",
        "summary": "Accept what the firing alerts of a version tell of as its new reference: they end, evidence starts anew.",
        "security": [{"token": []}],
        "parameters": [_path_parameter("model")],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": {"$ref": _SCHEMA.format(name="AcceptRequest")}}},
        },
        "responses": {
            "200": _json("Accepted, and committed.", "Accepted"),
            "202": _json("Queued; it is decided at the next commit.", "Accepted"),
            **{str(status): _problem(status) for status in (400, 401, 403, 404, 409, 413, 503)},
        },
    }


def _reload() -> dict[str, Any]:
    return {
        "operationId": "reload",
        "summary": "Take the configuration file over as it is now, as SIGHUP does; a bad one changes nothing.",
        "security": [{"token": []}],
        "parameters": [],
        "responses": {
            "200": _json("It is in force.", "Reloaded"),
            "202": _json("Asked for, and not decided yet.", "Reloaded"),
            **{str(status): _problem(status) for status in (401, 403, 409, 503)},
        },
    }


def _metrics() -> dict[str, Any]:
    return {
        "operationId": "metrics",
        "summary": "All metrics, as Prometheus text or OpenMetrics 1.0 by the Accept header, with gzip by Accept-Encoding.",
        "security": [],
        "responses": {
            "200": {
                "description": "The exposition; docs/metrics.md lists the metrics.",
                "content": {
                    "text/plain": {"schema": {"type": "string"}},
                    "application/openmetrics-text": {"schema": {"type": "string"}},
                },
            },
            "503": _problem(503),
        },
    }


def _path_parameter(name: str) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}


def _query_parameter(parameter: Parameter) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string"}
    if parameter.default is not None:
        schema = {"type": "integer", "minimum": 0, "maximum": parameter.maximum, "default": parameter.default}
    return {"name": parameter.name, "in": "query", "description": parameter.summary, "schema": schema}


def _json(description: str, name: str) -> dict[str, Any]:
    schema = {"$ref": _SCHEMA.format(name=name)}
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _problem(status: int) -> dict[str, Any]:
    return _json(_REFUSALS[status], a.Problem.__name__)
