from driftwatch.config.render import MAX_WIDTH, render, report, report_of
from driftwatch.errors import ConfigurationError, Problem

PROBLEM = Problem("c.yaml", 12, 7, "`task` is `x`", "one of a, b", "    - task: x", 4)


def test_a_problem_looks_as_a_compiler_prints_it() -> None:
    assert render(PROBLEM) == (
        "c.yaml:12:7: error: `task` is `x`\n      - task: x\n        ^^^^\n  write: one of a, b"
    )


def test_without_a_line_there_is_no_caret() -> None:
    assert (
        render(Problem("environment variable X", 0, 0, "m", "w"))
        == "environment variable X: error: m\n  write: w"
    )


def test_control_characters_are_escaped() -> None:
    told = render(Problem("c.yaml", 1, 1, "\x1b[31mred", "", "a: \x1b[31m\u202e", 3))
    assert "\x1b" not in told
    assert "\u202e" not in told


def test_long_lines_are_cut_around_the_mistake() -> None:
    source = "x" * 5_000 + "HERE" + "y" * 5_000
    lines = render(Problem("c.yaml", 1, 5_001, "m", "", source, 4)).splitlines()
    start = lines[2].index("^")
    assert lines[1][start : start + 4] == "HERE"
    assert max(map(len, lines)) <= MAX_WIDTH + 2


def test_the_report_counts() -> None:
    assert report([PROBLEM, PROBLEM]).endswith("\n2 errors")
    assert report([PROBLEM]).endswith("\n1 error")
    assert report_of(ConfigurationError("plain")) == "plain"
    assert report_of(ConfigurationError(problems=(PROBLEM,))).endswith("1 error")
