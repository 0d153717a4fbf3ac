"""Every error that a user can meet, each with its exit code and a text that says what to do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class ExitCode(IntEnum):
    """What the process says when it ends; documented in docs/operations.md."""

    OK = 0
    FAILED = 1
    USAGE = 2
    CONFIGURATION = 3
    REFERENCE = 4
    STATE = 5
    SOURCE = 6
    FENCED = 7
    INTERRUPTED = 130


class DriftwatchError(Exception):
    """Base of all errors shown to a user as one clear line; `exit_code` is the process's answer."""

    exit_code: ExitCode = ExitCode.FAILED


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in a configuration: where it stands, what is wrong, and what to write instead."""

    file: str
    line: int
    """From 1; 0 where the mistake has no line (an environment variable, an unreadable file)."""
    column: int
    """From 1."""
    message: str
    write: str = ""
    source: str = ""
    """The line as it stands in the file, without anything that may be a secret."""
    length: int = 1
    """Characters of the offending text."""

    @property
    def place(self) -> str:
        """`file.yaml:12:7`, as compilers and editors write it."""
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file

    def __str__(self) -> str:
        text = f"{self.place}: error: {self.message}"
        return f"{text}; write: {self.write}" if self.write else text


class ConfigurationError(DriftwatchError):
    """The configuration is wrong; carries every mistake found, not only the first."""

    exit_code = ExitCode.CONFIGURATION

    def __init__(self, message: str = "", problems: tuple[Problem, ...] = ()) -> None:
        super().__init__(message or "\n".join(str(problem) for problem in problems))
        self.problems = problems


class ReferenceFileError(DriftwatchError):
    """A reference file is missing, damaged, or does not fit the configuration."""

    exit_code = ExitCode.REFERENCE


class StateError(DriftwatchError):
    """The state directory is foreign, newer, damaged or held by another process."""

    exit_code = ExitCode.STATE


class DamagedStateError(StateError):
    """The state on disk contradicts itself (cut, flipped, emptied): set it aside and rebuild it from the topic."""


class CommitUnknownError(DriftwatchError):
    """A commit failed in a way that leaves its outcome unknown: drop memory and load the last commit."""

    exit_code = ExitCode.STATE


class SourceError(DriftwatchError):
    """The source cannot go on without a person: offsets out of range, topic gone, access denied."""

    exit_code = ExitCode.SOURCE


class OffsetsGoneError(SourceError):
    """Stored offsets are not in the log any more: retention passed them, or a topic was made anew (F30)."""


class FencedError(SourceError):
    """Another member took this one's place in the consumer group (EXACTNESS E17)."""

    exit_code = ExitCode.FENCED


class ReplacedError(FencedError):
    """Another process with this state directory's owner id took this one's place: coming back would only fence it in turn."""
