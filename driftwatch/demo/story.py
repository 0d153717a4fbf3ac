"""The story on the terminal: one line per happening with the time since the start, and the closing summary."""

from __future__ import annotations

import time
from collections.abc import Callable

from rich.console import Console
from rich.text import Text

from driftwatch.demo.acts import Act, Happening, missing
from driftwatch.errors import ExitCode

_STYLES = {
    "driftwatch": "cyan",
    "slack": "magenta",
    "retrainer": "green",
    "world": "yellow",
}
_WHO_WIDTH = 10
_INDENT = " " * (8 + _WHO_WIDTH + 4)


class Story:
    """Prints; belongs to one thread. Colours and ✔ on a terminal, plain lines elsewhere."""

    def __init__(self, console: Console, monotonic_s: Callable[[], float] = time.monotonic) -> None:
        self._console = console
        self._monotonic_s = monotonic_s
        self._started_s = monotonic_s()
        self.seen: set[Act] = set()

    @property
    def elapsed_s(self) -> float:
        """Seconds since the start."""
        return self._monotonic_s() - self._started_s

    @property
    def complete(self) -> bool:
        """Whether every act was seen."""
        return not missing(self.seen)

    def tell(self, happening: Happening) -> None:
        """One line, and one more per detail; the act counts as seen from now on."""
        line = Text(f"{self.elapsed_s:6.1f}s ", style="dim")
        line.append(f"{happening.who:<{_WHO_WIDTH}} ", style=_STYLES.get(happening.who, "bold"))
        if happening.act is not None and happening.act not in self.seen:
            self.seen.add(happening.act)
            line.append(f"[{len(self.seen)}/{len(Act)} {happening.act}] ", style="bold green")
        line.append(happening.text, style="default")
        self._print(line)
        for detail in happening.details:
            self._print(Text(_INDENT + detail, style="dim"))

    def close(self) -> ExitCode:
        """The summary: which acts were seen, and the exit code that follows."""
        absent = missing(self.seen)
        self._print(Text(""))
        for act in Act:
            mark = "missing" if act in absent else "seen"
            self._print(Text(f"  {mark:<8} {act}", style="red" if act in absent else "green"))
        if not absent:
            self._print(Text(f"Everything was seen in {self.elapsed_s:.0f} s.", style="bold"))
            return ExitCode.OK
        self._print(Text(f"Not seen: {', '.join(absent)}.", style="bold red"))
        return ExitCode.FAILED

    def _print(self, line: Text) -> None:
        # A line that is cut or wrapped in a log file cannot be searched.
        self._console.print(line, soft_wrap=True, highlight=False)
