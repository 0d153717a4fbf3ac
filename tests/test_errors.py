"""Every error has an exit code of its own meaning, and says where and what."""

from __future__ import annotations

import inspect

import pytest

from driftwatch import errors
from driftwatch.errors import (
    CommitUnknownError,
    ConfigurationError,
    DamagedStateError,
    DriftwatchError,
    ExitCode,
    FencedError,
    Problem,
    ReferenceFileError,
    ReplacedError,
    SourceError,
    StateError,
)


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (DriftwatchError, ExitCode.FAILED),
        (ConfigurationError, ExitCode.CONFIGURATION),
        (ReferenceFileError, ExitCode.REFERENCE),
        (StateError, ExitCode.STATE),
        (DamagedStateError, ExitCode.STATE),
        (CommitUnknownError, ExitCode.STATE),
        (SourceError, ExitCode.SOURCE),
        (FencedError, ExitCode.FENCED),
        (ReplacedError, ExitCode.FENCED),
    ],
)
def test_the_process_answers_with_the_code_of_its_error(kind: type[DriftwatchError], code: ExitCode) -> None:
    assert kind("why").exit_code is code
    assert str(kind("why")) == "why"


def test_every_error_is_one_of_ours() -> None:
    kinds = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, Exception)]
    assert all(issubclass(kind, DriftwatchError) for kind in kinds)
    assert all(inspect.getdoc(kind) for kind in kinds)


def test_codes_are_distinct_and_the_shells_own_are_left_alone() -> None:
    codes = [int(code) for code in ExitCode]
    assert len(set(codes)) == len(codes)
    assert not {126, 127} & set(codes)


def test_a_problem_is_written_as_compilers_write_it() -> None:
    problem = Problem("a.yaml", 12, 7, "`tsk` is unknown", "task: binary")
    assert str(problem) == "a.yaml:12:7: error: `tsk` is unknown; write: task: binary"
    assert str(Problem("a.yaml", 0, 0, "cannot be read")) == "a.yaml: error: cannot be read"


def test_a_configuration_error_tells_all_mistakes_at_once() -> None:
    problems = (Problem("a.yaml", 1, 1, "one"), Problem("a.yaml", 2, 1, "two"))
    error = ConfigurationError(problems=problems)
    assert str(error) == "a.yaml:1:1: error: one\na.yaml:2:1: error: two"
    assert error.problems == problems
    assert str(ConfigurationError("nothing there")) == "nothing there"
