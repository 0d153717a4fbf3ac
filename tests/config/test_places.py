from driftwatch.config.errors import Mistake
from driftwatch.config.places import problems
from driftwatch.config.read import read
from driftwatch.errors import Problem

TEXT = b"""\
kafka:
  group: x
  sasl_username: bob
  sasl_pasword: hunter2
models:
  - {name: a, task: x, url: https://h/hunter2}
"""
DOCUMENT = read(TEXT, "c.yaml")


def place(mistake: Mistake) -> Problem:
    (one,) = problems(DOCUMENT, {}, [mistake])
    return one


def test_keys_values_and_what_is_around_them() -> None:
    assert place(Mistake(("kafka", "group"), "m", "w", True)).place == "c.yaml:2:3"
    assert place(Mistake(("kafka", "group"), "m", "w")).place == "c.yaml:2:10"
    assert place(Mistake(("models", 0, "labels", "id"), "m", "w")).place == "c.yaml:6:5"
    assert place(Mistake(("models", 0), "m", "w", True)).place == "c.yaml:6:5"
    assert place(Mistake((), "m", "w", True)).place == "c.yaml:1:1"


def test_what_may_be_a_secret_is_not_shown() -> None:
    unknown = place(Mistake(("kafka", "sasl_pasword"), "unknown key `sasl_pasword`", "w", True))
    assert unknown.source.rstrip() == "  sasl_pasword: ***"
    username = place(Mistake(("kafka", "sasl_username"), "holds the secret itself", "w"))
    assert username.source.rstrip() == "  sasl_username: ***"
    near = place(Mistake(("models", 0, "task"), "m", "w"))
    assert "hunter2" not in near.source
    assert near.source[near.column - 1] == "x"


def test_a_value_from_the_environment_is_told_with_its_variable() -> None:
    variables = {("kafka",): "DRIFTWATCH_KAFKA", ("http", "port"): "DRIFTWATCH_HTTP__PORT"}
    told = problems(
        DOCUMENT, variables, [Mistake(("http", "port"), "m", "w"), Mistake(("kafka", "x"), "m", "w")]
    )
    assert [p.place for p in told] == [
        "environment variable DRIFTWATCH_HTTP__PORT",
        "environment variable DRIFTWATCH_KAFKA",
    ]
    assert all(p.source == "" for p in told)


def test_problems_come_in_the_order_of_the_file_once_and_not_below_what_was_unreadable() -> None:
    document = read(b"a: !x 1\nb: 1\nb: 2\n", "c.yaml")
    mistakes = [
        Mistake(("a",), "not told", ""),
        Mistake(("a", "c"), "not told", ""),
        Mistake(("b",), "second", ""),
        Mistake(("b",), "second", ""),
    ]
    told = problems(document, {}, mistakes)
    assert [(p.line, p.message.split(" ")[0]) for p in told] == [(1, "the"), (2, "second"), (3, "the")]


def test_a_secret_under_a_misspelt_key_and_one_in_a_comment() -> None:
    """Neither the schema alone nor the names of keys alone would see both."""
    document = read(b"kafka: {pwd: hunter2, group: x}\nhttp: {port: y}  # token: hunter2\n", "c.yaml")
    mistakes = [Mistake(("kafka", "group"), "m", "w", True), Mistake(("http", "port"), "m", "w")]
    first, second = problems(document, {}, mistakes)
    assert first.source[first.column - 1 :].startswith("group")
    assert second.source[second.column - 1] == "y"
    assert "hunter2" not in first.source + second.source
