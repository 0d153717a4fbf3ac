"""The API's page at `/api/docs`, made from the OpenAPI document."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from driftwatch.telemetry.markup import Markup, join, table, tag
from driftwatch.telemetry.openapi import document
from driftwatch.telemetry.pages.frame import frame


@cache
def docs_page() -> str:
    """The OpenAPI document for reading."""
    made = document()
    sections = [
        _operation(path, method, operation)
        for path, methods in made["paths"].items()
        for method, operation in methods.items()
    ]
    return frame(
        "API",
        tag("h1", "driftwatch API"),
        tag("p", made["info"]["description"]),
        tag("p", "Machine-readable: ", tag("a", "/api/v1/openapi.json", href="/api/v1/openapi.json")),
        *sections,
        tag("h2", "Types"),
        *(
            join(
                [
                    tag("h3", name, id=name),
                    tag(
                        "pre",
                        Markup(_json(schema)),
                        tabindex="0",
                        role="group",
                        aria_label=f"Schema of {name}",
                    ),
                ]
            )
            for name, schema in made["components"]["schemas"].items()
        ),
    )


def _operation(path: str, method: str, operation: dict[str, Any]) -> Markup:
    parameters = table(
        "Parameters",
        ("Name", "In", "Meaning"),
        [(p["name"], p["in"], p.get("description", "")) for p in operation.get("parameters", [])],
    )
    responses = table(
        "Answers",
        ("Status", "Meaning"),
        [(status, response["description"]) for status, response in operation["responses"].items()],
    )
    title = tag("h2", tag("code", f"{method.upper()} {path}"))
    return join(
        [title, tag("p", operation["summary"]), parameters if operation.get("parameters") else "", responses]
    )


def _json(schema: Any) -> str:
    return json.dumps(schema, indent=2).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
