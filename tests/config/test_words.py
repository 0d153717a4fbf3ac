import pytest

from driftwatch.config.schema import at
from driftwatch.config.words import allowed, expected, is_secret, near_miss, nearest, suggestion


@pytest.mark.parametrize(
    ("path", "words"),
    [
        (("models", 0, "task"), "one of binary, multiclass, regression"),
        (("kafka", "security_protocol"), "one of PLAINTEXT, SSL, SASL_PLAINTEXT, SASL_SSL"),
        (("models", 0, "windows", 0, "size"), "a duration such as 30s, 5m, 12h, 30d or 1d12h"),
        (("http", "port"), "a whole number from 0 to 65535"),
        (("models", 0, "labels", "sample"), "a number above 0 and at most 1"),
        (("models", 0, "statistics", "confidence"), "a number above 0.5 and below 1"),
        (("kafka", "session_timeout_ms"), "a whole number, at least 6000"),
        (("models", 0, "predictions", "score"), "a dotted path such as output.probability"),
        (("models", 0, "name"), "letters, digits, `_`, `.` and `-`"),
        (("kafka", "sasl_password"), "{file: PATH} or {env: NAME}"),
        (("endpoints", 0, "url"), "text, or {file: PATH} or {env: NAME}"),
        (("kafka", "fast_path"), "true or false"),
        (("models", 0, "slices", 0), "text, or a list `[…]` of text"),
        (("models", 0, "labels"), "a mapping with `topic`, `label`"),
        (("models", 0, "cells", "kinds"), "keys with values"),
    ],
)
def test_what_to_write(path: tuple, words: str) -> None:
    node = at(path)
    assert node is not None
    assert expected(node) == words


def test_closed_lists_are_seen_in_enums_and_patterns() -> None:
    assert allowed({"enum": ["a", "b"]}) == ["a", "b"]
    assert allowed({"pattern": "^(PLAIN|SCRAM-SHA-256)$"}) == ["PLAIN", "SCRAM-SHA-256"]
    assert allowed({"pattern": "^[a-z]+$"}) == []


def test_only_a_secret_is_a_secret() -> None:
    assert is_secret({"properties": {"file": {}, "env": {}}})
    assert not is_secret({"properties": {"path": {}, "learn": {}}})


def test_the_nearest_word() -> None:
    assert nearest("Group-ID", ["group_id", "client"]) == "group_id"
    assert nearest("xyz", ["group_id", "client"]) is None
    assert near_miss("salry_range", ["salary_range", "age"]) == "salary_range"
    assert near_miss("gender", ["age", "genre"]) is None
    assert suggestion("clint", ["group_id", "client"]) == "`client` (did you mean that?)"
    assert suggestion("xyz", ["a", "b"]) == "one of `a`, `b`"
