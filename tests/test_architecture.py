"""The shape of the house, read from its sources: floors, cycles, fences, names, words that do not belong.

The offences are collected and compared with an empty list, so that a failure names each file and line.
"""

import ast
import re
from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

import pytest

from config import jobs

ROOT = Path(__file__).resolve().parent.parent
FLOORS = ("config", "models", "flows", "gateway", "workers")
ABOVE = ("wsgi", "tests")
MOST_LINES, MOST_LINES_OF_A_FUNCTION = 400, 60
NAMES_OF_NOTHING = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "managers"}

# Third-party package -> where it may be imported.
FENCES = {
    "flask": ("gateway",),
    "africastalking": ("gateway/providers",),
    "rq": ("gateway", "workers"),
    "redis": ("gateway", "workers"),
    "requests": ("gateway",),
    "sqlalchemy": ("models", "gateway", "workers"),
    "alembic": ("models",),
    "click": ("models", "flows", "gateway", "workers"),
}

# Written in two halves, so that this file is not found by its own search.
FOREIGN_WORDS = [
    "".join(halves)
    for halves in (
        *(("/wo", "rk/"), ("/fa", "rm/"), ("/tmp/", "research"), ("/tmp/", "design")),
        *(("helper", " session"), ("language", " model"), ("co-authored", "-by")),
        *(("cla", "ude"), ("anth", "ropic"), ("open", "ai"), ("chat", "gpt")),
        *(("pypi", ".org"), ("python", "hosted"), ("registry.", "npmjs"), ("deb.", "debian")),
    )
]
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b|raise NotImplementedError|pass\s+#\s*(stub|later)")
LEFT_OUT = re.compile("|".join((r"pytest\.(mark\.)?(sk" + "ip|xf" + "ail)", "sk" + "ipif")))
NOT_OURS = {"__pycache__", "node_modules", "var"}
TEXTS = {
    ".py",
    ".md",
    ".toml",
    ".csv",
    ".json",
    ".html",
    ".css",
    ".js",
    ".po",
    ".pot",
    ".lock",
    ".ini",
    ".mako",
    "",
}


class Source(NamedTuple):
    """One Python file, and every node of it."""

    path: str
    module: str
    text: str
    tree: ast.Module
    nodes: tuple[ast.AST, ...]

    @property
    def floor(self) -> str:
        """Its first folder."""
        return self.path.split("/")[0]


def ours(folder: Path) -> Iterator[Path]:
    """Every file below a folder that belongs to the project, without asking git, which may be absent."""
    for path in sorted(folder.iterdir()):
        if path.name in NOT_OURS or (path.name.startswith(".") and path.name not in {".ci", ".gitignore"}):
            continue
        if path.is_dir():
            yield from ours(path)
        else:
            yield path


@cache
def sources(*folders: str) -> tuple[Source, ...]:
    """The Python files of these folders."""
    paths = [path for folder in folders if (ROOT / folder).is_dir() for path in ours(ROOT / folder)]
    return tuple(source(path) for path in paths if path.suffix == ".py")


@cache
def source(path: Path) -> Source:
    """One file, read and parsed."""
    relative = path.relative_to(ROOT)
    module = ".".join(relative.with_suffix("").parts).removesuffix(".__init__")
    text = path.read_text()
    tree = ast.parse(text)
    return Source(str(relative), module, text, tree, tuple(ast.walk(tree)))


@cache
def imported(source: Source) -> tuple[tuple[int, str], ...]:
    """(line, dotted name) of every import; the longest name that is a module of ours is taken whole."""
    return tuple(_imported(source))


def _imported(source: Source) -> Iterator[tuple[int, str]]:
    for node in source.nodes:
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = absolute(source, node)
            for alias in node.names:
                name = f"{base}.{alias.name}"
                yield node.lineno, name if name in modules() else base


def absolute(source: Source, node: ast.ImportFrom) -> str:
    """The dotted name after `from`, with the dots of a relative import resolved."""
    if not node.level:
        return node.module or ""
    package = source.module if source.path.endswith("__init__.py") else source.module.rpartition(".")[0]
    parts = package.split(".")[: len(package.split(".")) - node.level + 1]
    return ".".join([*parts, *([node.module] if node.module else [])])


@cache
def modules() -> frozenset[str]:
    """The dotted name of every module of the floors."""
    return frozenset(source.module for source in sources(*FLOORS))


def offences(judge: Callable[[Source], Iterator[str]], *folders: str) -> list[str]:
    """What a rule says of every file in these folders."""
    return [f"{source.path}:{found}" for source in sources(*folders) for found in judge(source)]


def test_each_floor_imports_only_what_stands_to_its_left() -> None:
    order = (*FLOORS, *ABOVE)

    def upward(source: Source) -> Iterator[str]:
        for line, name in imported(source):
            top = name.split(".")[0]
            if top in order and order.index(top) > order.index(source.floor):
                yield f"{line} imports {name}"

    assert offences(upward, *FLOORS) == []


def test_no_module_needs_itself() -> None:
    needs = {
        source.module: {name for _, name in imported(source) if name in modules()} - {source.module}
        for source in sources(*FLOORS)
    }
    while free := [module for module, others in needs.items() if not others & needs.keys()]:
        for module in free:
            del needs[module]
    assert sorted(needs) == [], "these modules import each other in a circle, or what stands in one"


def test_every_import_stands_at_the_top_of_its_file() -> None:
    def hidden(source: Source) -> Iterator[str]:
        for function in functions(source):
            for node in ast.walk(function):
                if isinstance(node, ast.Import | ast.ImportFrom):
                    yield f"{node.lineno} inside {function.name}"

    assert offences(hidden, *FLOORS, "tests") == []


@pytest.mark.parametrize("package", FENCES)
def test_a_library_is_imported_only_where_it_belongs(package: str) -> None:
    def outside(source: Source) -> Iterator[str]:
        for line, name in imported(source):
            if name.split(".")[0] == package and not source.path.startswith(FENCES[package]):
                yield f"{line} imports {name}"

    assert offences(outside, *FLOORS) == []


def test_every_module_is_named_after_what_it_holds() -> None:
    named = [
        source.path for source in sources(*FLOORS, "tests") if NAMES_OF_NOTHING & {*source.module.split(".")}
    ]
    assert named == []


@pytest.mark.parametrize("job", jobs.LANE_OF)
def test_a_job_name_leads_to_a_function(job: str) -> None:
    module, _, name = job.rpartition(".")
    assert callable(getattr(import_module(module), name))
    assert jobs.LANE_OF[job] in jobs.LANES


def test_whatever_is_public_says_what_it_is() -> None:
    def silent(source: Source) -> Iterator[str]:
        if "/migrations/versions/" in source.path:
            return
        if not ast.get_docstring(source.tree):
            yield "1 the module"
        for node in public(source.tree):
            if not ast.get_docstring(node):
                yield f"{node.lineno} {node.name}"

    assert offences(silent, *FLOORS) == []


def test_files_and_functions_hold_one_thing() -> None:
    def long(source: Source) -> Iterator[str]:
        if "/migrations/" in source.path:
            return
        if (lines := source.text.count("\n")) > MOST_LINES:
            yield f"1 {lines} lines"
        for function in functions(source):
            if (lines := (function.end_lineno or 0) - function.lineno + 1) > MOST_LINES_OF_A_FUNCTION:
                yield f"{function.lineno} {function.name}: {lines} lines"

    assert offences(long, *FLOORS) == []


def test_nothing_is_left_unfinished() -> None:
    def unfinished(source: Source) -> Iterator[str]:
        for number, line in enumerate(source.text.splitlines(), 1):
            if UNFINISHED.search(line):
                yield f"{number} {line.strip()}"

    assert offences(unfinished, *FLOORS) == []


def test_no_error_is_swallowed() -> None:
    def swallowed(source: Source) -> Iterator[str]:
        for node in source.nodes:
            if isinstance(node, ast.ExceptHandler) and (
                node.type is None or isinstance(node.body[0], ast.Pass)
            ):
                yield f"{node.lineno} except"

    assert offences(swallowed, *FLOORS, "tests") == []


def test_no_test_is_left_out() -> None:
    def left_out(source: Source) -> Iterator[str]:
        yield from (match[0] for match in LEFT_OUT.finditer(source.text))

    assert offences(left_out, "tests") == []


def test_the_project_speaks_of_itself_alone() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {word}"
        for path in ours(ROOT)
        if path.suffix in TEXTS
        for text in [path.read_text(errors="ignore").casefold()]
        for word in FOREIGN_WORDS
        if word in text
    ]
    assert found == []


def functions(source: Source) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function and method of a file."""
    for node in source.nodes:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def public(
    tree: ast.Module | ast.ClassDef,
) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]:
    """The functions and classes without an underscore, and the methods of such classes."""
    for node in tree.body:
        is_named = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        if is_named and not node.name.startswith("_"):
            yield node
            if isinstance(node, ast.ClassDef):
                yield from public(node)
