from openapi_spec_validator import OpenAPIV31SpecValidator

from driftwatch.telemetry.api import OPERATIONS
from driftwatch.telemetry.openapi import document


def test_the_document_is_valid() -> None:
    assert list(OpenAPIV31SpecValidator(document()).iter_errors()) == []


def test_every_operation_is_there_with_its_parameters() -> None:
    for operation in OPERATIONS:
        described = document()["paths"][operation.path]["get"]
        names = [p["name"] for p in described["parameters"] if p["in"] == "query"]
        assert names == [parameter.name for parameter in operation.parameters]


def test_operation_ids_are_unique() -> None:
    ids = [o["operationId"] for methods in document()["paths"].values() for o in methods.values()]
    assert len(ids) == len(set(ids))


def test_only_what_changes_something_needs_the_token() -> None:
    secured = [
        path
        for path, methods in document()["paths"].items()
        for operation in methods.values()
        if operation["security"]
    ]
    assert secured == [
        "/api/v1/episodes/{episode}/acknowledge",
        "/api/v1/models/{model}/reference/accept",
        "/api/v1/reload",
    ]


def test_fields_say_what_they_mean() -> None:
    row = document()["components"]["schemas"]["Row"]["properties"]
    assert row["count"]["description"] == "Current events that the number rests on."


def test_nothing_points_to_another_host() -> None:
    assert document()["servers"] == [{"url": "/"}]
