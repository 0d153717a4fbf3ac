"""docs/api.md made from the OpenAPI document: `python -m driftwatch.telemetry.api_page > docs/api.md`."""

from __future__ import annotations

import sys
from typing import Any, Final

from driftwatch.telemetry.openapi import document

_INTRODUCTION: Final = """\
# HTTP API

One port (`http.port`, default 9464) serves metrics, probes, the API and a status page. This page is made from the
OpenAPI document (`python -m driftwatch.telemetry.api_page > docs/api.md`); a test compares them. The running daemon
shows the same at `/api/docs`, and the document itself at `/api/v1/openapi.json`.

- Everything is read-only but for what needs `http.token`: acknowledging a retraining, accepting a new reference, reloading.
- Answers are from the last commit; `commit` is its number. Numbers that rest on too little data are `null`.
- Times of events are ISO 8601 in UTC.
- A refused request is answered with `{"error": …, "message": …}`; the message says what to do.
- At most 64 requests are answered at the same time; more get 503 with `Retry-After`. `/healthz` is never refused.

Acknowledging a retraining:

    curl -X POST -H "Authorization: Bearer $TOKEN" -d '{"by": "retrain job 17"}' \\
      http://localhost:9464/api/v1/episodes/EPISODE/acknowledge
"""


def page() -> str:
    """The whole page as Markdown."""
    made = document()
    operations = [
        _operation(f"{method.upper()} {path}", operation)
        for path, methods in made["paths"].items()
        for method, operation in methods.items()
    ]
    types = [_type(name, schema) for name, schema in made["components"]["schemas"].items()]
    return "\n".join([_INTRODUCTION, "## Requests\n", *operations, "## Types\n", *types])


def _operation(title: str, operation: dict[str, Any]) -> str:
    lines = [f"### `{title}`\n", f"{operation['summary']}\n"]
    if parameters := operation.get("parameters"):
        lines += ["| parameter | in | meaning |", "|---|---|---|"]
        lines += [f"| `{p['name']}` | {p['in']} | {_meaning(p)} |" for p in parameters]
        lines.append("")
    lines += ["| status | answer |", "|---|---|"]
    lines += [f"| {status} | {_answer(response)} |" for status, response in operation["responses"].items()]
    return "\n".join([*lines, ""])


def _meaning(parameter: dict[str, Any]) -> str:
    default = parameter["schema"].get("default")
    extra = "" if default is None else f" Default {default}, at most {parameter['schema']['maximum']}."
    return parameter.get("description", "") + extra


def _answer(response: dict[str, Any]) -> str:
    reference = response.get("content", {}).get("application/json", {}).get("schema", {}).get("$ref", "")
    name = reference.rpartition("/")[2]
    return f"{response['description']} ([{name}](#{name.lower()}))" if name else response["description"]


def _type(name: str, schema: dict[str, Any]) -> str:
    lines = [
        f"### {name}\n",
        f"{schema.get('description', '')}\n",
        "| field | type | meaning |",
        "|---|---|---|",
    ]
    lines += [
        f"| `{field}` | {_shape(inner)} | {inner.get('description', '')} |"
        for field, inner in schema["properties"].items()
    ]
    return "\n".join([*lines, ""])


def _shape(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in schema:
        return " or ".join(_shape(choice) for choice in schema["anyOf"])
    if schema.get("type") == "array":
        return f"list of {_shape(schema['items'])}"
    if schema.get("type") == "object":
        return f"map to {_shape(schema['additionalProperties'])}"
    return str(schema["type"])


if __name__ == "__main__":
    sys.stdout.write(page())
