"""The house rules that no linter knows: names, openings, mirrors, and a core without hidden inputs."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "driftwatch"
TESTS = ROOT / "tests"
MODULES = sorted(path.relative_to(ROOT) for path in PACKAGE.rglob("*.py"))
TEST_FILES = sorted(path.relative_to(ROOT) for path in TESTS.rglob("*.py"))

EMPTY_NAMES = {"utils", "util", "common", "helpers", "helper", "base", "manager", "misc"}
CLIENTS = {"kafka", "prometheus", "pydantic", "numpy", "scipy"}
CORE = {
    "monitor",
    "facts.py",
    "alerts",
    "verdicts",
    "evidence",
    "drift",
    "references",
    "windows",
    "summaries",
    "events",
}

# What import-linter cannot see: hidden inputs that need no import of their own.
HIDDEN_INPUTS = {
    "now",
    "utcnow",
    "today",
    "urandom",
    "getenv",
    "default_rng",
    "uuid1",
    "uuid4",
    "open",
    "print",
}


def tree(path: Path) -> ast.Module:
    return ast.parse((ROOT / path).read_text(encoding="utf-8"), filename=str(path))


def test_every_module_opens_with_its_purpose() -> None:
    silent = [str(path) for path in MODULES if not ast.get_docstring(tree(path))]
    assert silent == [], "open each with one sentence that says what it decides"


def test_every_module_has_a_test_file_of_the_same_name() -> None:
    inside = [
        path.relative_to("driftwatch") for path in MODULES if path.name not in ("__init__.py", "__main__.py")
    ]
    mirrors = [Path("tests") / path.parent / f"test_{path.name}" for path in inside]
    assert [str(mirror) for mirror in mirrors if not (ROOT / mirror).exists()] == [], "write these"


def test_names_say_something() -> None:
    empty = [str(path) for path in MODULES if {part.removesuffix(".py") for part in path.parts} & EMPTY_NAMES]
    assert empty == [], "name the thing that it decides"


def test_no_folder_is_named_like_a_known_module() -> None:
    folders = {path.name for path in PACKAGE.rglob("*") if path.is_dir() and path.name != "__pycache__"}
    assert not folders & (sys.stdlib_module_names | CLIENTS)


def test_the_core_has_no_hidden_inputs() -> None:
    found = [
        f"{path}:{node.lineno} {what}"
        for path in MODULES
        if path.parts[1] in CORE
        for node in ast.walk(tree(path))
        if (what := hidden_input(node))
    ]
    assert found == [], "the core takes time, randomness and settings as values"


def hidden_input(node: ast.AST) -> str | None:
    if isinstance(node, ast.Global):
        return "global"
    if isinstance(node, ast.Attribute) and ast.unparse(node) in ("np.random", "numpy.random", "os.environ"):
        return ast.unparse(node)
    if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in HIDDEN_INPUTS:
        return ast.unparse(node.func)
    return None


def test_no_test_sleeps() -> None:
    found = [
        f"{path}:{node.lineno}"
        for path in TEST_FILES
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) in ("time.sleep", "sleep", "asyncio.sleep")
        and ast.unparse(node) != "asyncio.sleep(0)"  # gives way to other tasks, waits for nothing
    ]
    assert found == [], "wait with tests.waiting.until"


def test_lock_files_name_no_index_and_hash_everything() -> None:
    for path in sorted((ROOT / "requirements").glob("*.txt")):
        text = path.read_text()
        assert "://" not in text, path
        assert "--index" not in text, path
        pinned = re.findall(r"^[A-Za-z0-9][^\n]*", text, re.MULTILINE)
        assert pinned, path
        assert all("==" in line and line.endswith("\\") for line in pinned), path


def test_every_make_target_that_we_promise_exists() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for target in ("demo", "test", "check", "bench", "lock", "format"):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
