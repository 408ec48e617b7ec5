"""The structure that docs/architecture.md promises, read from the source."""

from __future__ import annotations

import ast
import os
import site
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from tests.dimse.peers import answering, scp, study

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "dicomsh"

LAYERS: tuple[tuple[tuple[str, ...], ...], ...] = (
    (
        ("dicomsh",),
        ("errors",),
        ("event_loop", "late"),
        (
            "file_lock",
            "open_files",
        ),
        ("folders",),
        ("frozen",),
        ("regex",),
        ("timeout",),
    ),
    (("model",), ("language.scan", "language.words"), ("output.theme",), ("interrupt",)),
    (("config",), ("dimse",), ("explain",), ("input",), ("language",), ("output",), ("practice",)),
    (("mask", "session", "settings"), ("archives",), ("trace",), ("lessons",)),
    (("query",),),
    (("retrieve",),),
    (("objects",),),
    (("commands",),),
    (("shell",), ("gateway",), ("python",)),
    (("repl", "batch", "startup"), ("lexer",), ("practice.__main__",)),
    (("cli", "__main__"),),
    (("outer_shell",),),
)
"""From the bottom up: layers of units; a unit is one name or several that belong together."""


@dataclass(frozen=True)
class Import:
    """An import statement of a module; `late` when it stands inside of a function.

    `typing` is one that only a type checker follows.
    """

    module: str
    target: str
    line: int
    late: bool
    typing: bool

    def __str__(self) -> str:
        return f"{self.module}:{self.line}: {self.target}"

    @property
    def root(self) -> str:
        return self.target.split(".")[0]


def name_of(path: Path) -> str:
    """`dicomsh.model.keys` of a file; a package is named without its `__init__`."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


FILES = sorted(PACKAGE.rglob("*.py"))
PATHS = {name_of(path): path for path in FILES}


@cache
def parsed(module: str) -> ast.Module:
    """The syntax tree of a module."""
    return ast.parse(PATHS[module].read_text(encoding="utf-8"))


@cache
def imports_of(module: str) -> Sequence[Import]:
    return [*_imports(module, parsed(module), late=False, typing=False)]


def _imports(module: str, node: ast.AST, *, late: bool, typing: bool) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.expr):
            continue  # most nodes are, and hold no statement
        for target in _targets(module, child):
            yield Import(module, target, getattr(child, "lineno", 0), late, typing)
        inside = isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef))
        checked = typing or _for_types_only(child)
        yield from _imports(module, child, late=late or inside, typing=checked)


def _targets(module: str, node: ast.AST) -> Iterator[str]:
    """The modules that a node imports, when it is an import statement."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        assert node.level == 0, f"{module}: a relative import"
        yield from (_resolved(node.module or "", alias.name) for alias in node.names)


def _resolved(module: str, name: str) -> str:
    """The module that `from module import name` needs."""
    return f"{module}.{name}" if f"{module}.{name}" in PATHS else module


def _for_types_only(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"


@cache
def all_imports() -> Sequence[Import]:
    """Every import, also those for types only."""
    return [found for module in PATHS for found in imports_of(module)]


@cache
def imports() -> Sequence[Import]:
    """Those that a run of the program may follow."""
    return [found for found in all_imports() if not found.typing]


@cache
def place_of(module: str) -> tuple[int, tuple[str, ...]]:
    """Layer and unit of one of our modules; the longest name that fits counts."""
    inner = module.removeprefix("dicomsh.")
    fitting = [
        (len(name), depth, unit)
        for depth, layer in enumerate(LAYERS)
        for unit in layer
        for name in unit
        if inner == name or inner.startswith(name + ".")
    ]
    assert fitting, f"{module} has no layer"
    return max(fitting)[1:]


def test_every_module_has_a_layer() -> None:
    assert {place_of(module)[0] for module in PATHS} == set(range(len(LAYERS)))


def test_imports_go_one_way() -> None:
    wrong = [
        str(found)
        for found in all_imports()
        if found.root == "dicomsh" and not _may(place_of(found.module), place_of(found.target))
    ]
    assert wrong == []


def _may(importer: tuple[int, tuple[str, ...]], target: tuple[int, tuple[str, ...]]) -> bool:
    """Downwards, or inside of one unit; siblings of a layer do not know each other."""
    return target[0] < importer[0] or target == importer


def test_an_import_upwards_or_of_a_sibling_is_noticed() -> None:
    model, scan, language = map(place_of, ("dicomsh.model", "dicomsh.language.scan", "language"))
    output, shell = place_of("dicomsh.output.table"), place_of("dicomsh.shell.shell")
    assert _may(language, scan)
    assert _may(language, model)
    assert _may(shell, place_of("dicomsh.shell.present"))
    assert not _may(model, scan)
    assert not _may(scan, language)
    assert not _may(language, output)
    assert not _may(output, shell)


def cycle_in(graph: Mapping[str, set[str]]) -> list[str]:
    """The nodes that are left when what needs nothing is taken away, again and again."""
    left = dict(graph)
    while free := [node for node, needed in left.items() if not needed & left.keys()]:
        for node in free:
            del left[node]
    return sorted(left)


def test_no_modules_need_each_other_not_even_for_types() -> None:
    graph: dict[str, set[str]] = {module: set() for module in PATHS}
    for found in all_imports():
        graph[found.module] |= {found.target} - {found.module}
    assert cycle_in(graph) == []


def test_a_cycle_is_noticed() -> None:
    assert cycle_in({"a": {"b"}, "b": {"c"}, "c": set()}) == []
    assert cycle_in({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == ["a", "b", "c"]


def test_imports_for_types_are_seen() -> None:
    assert any(found.typing and found.target == "dicomsh.startup" for found in all_imports())


def test_a_query_needs_no_session() -> None:
    """A gateway or a Python program asks with archives, limits, a day and a place."""
    shell = ("session", "settings", "mask", "commands", "shell", "repl", "trace", "lessons")
    needless = tuple(f"dicomsh.{name}" for name in shell)
    asks = ("dicomsh.query", "dicomsh.archives")
    wrong = [
        str(i) for i in imports() if i.module.startswith(asks) and i.target.startswith(needless)
    ]
    assert wrong == []


def test_the_gateway_needs_no_shell() -> None:
    """It may make up names, which takes a mask and no session."""
    shell = ("session", "settings", "shell", "repl", "trace", "lessons", "commands.context")
    needless = tuple(f"dicomsh.{name}" for name in shell)
    ours = [found for found in imports() if found.module.startswith("dicomsh.gateway")]
    assert [str(found) for found in ours if found.target.startswith(needless)] == []
    assert ours


def importers(root: str, *, late: bool) -> set[str]:
    """First parts of the modules that import a library, at module level or anywhere."""
    return {
        found.module.split(".")[1]
        for found in imports()
        if found.root == root and (late or not found.late)
    }


def test_prompt_toolkit_is_for_the_prompt_alone() -> None:
    assert importers("prompt_toolkit", late=True) == {"repl"}


def test_pygments_is_for_documents_alone() -> None:
    assert importers("pygments", late=True) == {"lexer"}


def test_the_web_server_is_for_the_gateway_alone() -> None:
    for library in ("starlette", "uvicorn", "anyio"):
        assert importers(library, late=True) <= {"gateway"}


def test_pynetdicom_is_for_the_practice_archive_alone() -> None:
    assert importers("pynetdicom", late=True) == {"practice"}


def test_pydicom_is_for_practice_code_extensions_and_files_late() -> None:
    assert importers("pydicom", late=False) == {"practice"}
    others = {found.module for found in imports() if found.root == "pydicom"}
    assert {name for name in others if not name.startswith("dicomsh.practice")} == {
        "dicomsh.model.charset",
        "dicomsh.retrieve.sources",
        "dicomsh.retrieve.values",
        *(f"dicomsh.objects.{name}" for name in ("header", "pixels", "shades")),
    }


def test_numpy_and_pillow_are_for_pictures_alone() -> None:
    for root, where in (("numpy", {"objects"}), ("PIL", {"output"})):
        assert importers(root, late=False) == set()
        assert importers(root, late=True) == where


SPEAKS_DICOM = tuple(
    f"dicomsh.{name}"
    for name in (
        "dimse",
        "practice",
        "archives.dimse",
        "archives.practice",
        "archives.rows",
        "retrieve",
        "objects",
        "commands.content",  # loaded when they are typed, as every command is
        "commands.receive",
        "commands.retrieve",
        "commands.store",
        "commands.view",
        "gateway",  # loaded by its own command line
        "trace.fields",
        "trace.conversation",
        "trace.lines",
    )
)


def test_what_speaks_dicom_is_imported_late() -> None:
    early = [
        str(found)
        for found in imports()
        if found.target.startswith(SPEAKS_DICOM)
        and not found.late
        and not found.module.startswith(SPEAKS_DICOM)
    ]
    assert early == []


INPUT_OUTPUT = {"asyncio", "io", "os", "selectors", "socket", "ssl", "subprocess", "sys"} | {
    "tempfile",
    "threading",
}


def test_the_information_model_and_the_language_do_no_input_or_output() -> None:
    pure = ("dicomsh.errors", "dicomsh.model", "dicomsh.language")
    wrong = [
        str(found)
        for found in imports()
        if found.module.startswith(pure) and found.root in INPUT_OUTPUT
    ]
    assert wrong == []


def test_output_never_queries() -> None:
    for found in imports():
        if found.module.startswith("dicomsh.output"):
            assert not found.target.startswith(
                ("dicomsh.dimse", "dicomsh.session", "dicomsh.commands", "dicomsh.practice")
            ), str(found)


_STREAMS = {"sys.stdout", "sys.stderr", "sys.__stdout__", "sys.__stderr__"}
_WRITERS = {"print", "input"}


def uses(module: str) -> Iterator[str]:
    """Streams and writing functions that a module names."""
    for node in ast.walk(parsed(module)):
        if isinstance(node, ast.Attribute) and f"sys.{node.attr}" in _STREAMS:
            yield from {ast.unparse(node)} & _STREAMS
        if isinstance(node, ast.Name) and node.id in _WRITERS:
            yield node.id


def test_commands_never_print() -> None:
    below = ("commands", "model", "language", "dimse", "config", "session", "practice", "trace")
    for module in PATHS:
        if module.startswith(tuple(f"dicomsh.{name}" for name in below)):
            allowed = {"dicomsh.practice.__main__"}
            assert module in allowed or list(uses(module)) == [], module


_TELLING = """
import sys
from dicomsh.cli import main

try:
    main(sys.argv[2:])
finally:
    with open(sys.argv[1], "w") as file:
        file.write("\\n".join(sys.modules))
"""
"""Runs the program, and writes the names of all modules that are imported then."""


def imported_by(folder: Path, *arguments: str) -> set[str]:
    """Modules that a run of the program imports."""
    told = folder / "modules.txt"
    kept = {word: value for word, value in os.environ.items() if not word.startswith("DICOMSH")}
    subprocess.run(
        [sys.executable, "-S", "-c", _TELLING, str(told), *arguments],
        capture_output=True,
        cwd=folder,
        env={
            **kept,
            "PYTHONPATH": os.pathsep.join([str(ROOT), *site.getsitepackages()]),
            "XDG_STATE_HOME": str(folder / "state"),  # where nothing is known about any peer
        },
        timeout=60,
        check=True,
        stdin=subprocess.DEVNULL,
    )
    return set(told.read_text().splitlines())


HEAVY = {"prompt_toolkit", "pydicom", "pynetdicom", "pygments", "numpy"}

SLOW = {"asyncio", "dataclasses", "inspect", "yaml", "json", "difflib", "shutil", "textwrap"}
"""Modules that take a millisecond and more, and that a command without a query can do without."""


OF_A_PROMPT = {"dicomsh.language.complete", "dicomsh.lessons.tutor", "dicomsh.output.pager"}
OF_A_MASK = {f"dicomsh.mask.{name}" for name in ("mask", "row", "shown", "typed")}
OF_KEYS = {f"dicomsh.language.{name}" for name in ("conditions", "refusals", "terms")}
OF_ROWS = {"dicomsh.output.formats", "dicomsh.output.result_line", "dicomsh.shell.flow"}
OF_OTHER_QUERIES = {"decimal", "dicomsh.query.split"}


def test_a_command_without_a_query_loads_few_modules(tmp_path: Path) -> None:
    """Each takes a tenth of a millisecond to find and read, whatever is in it."""
    loaded = imported_by(tmp_path, "-c", "pwd")
    assert loaded & {*OF_A_PROMPT, *OF_A_MASK, *OF_KEYS, *OF_ROWS, "copy"} == set()
    assert len([name for name in loaded if name.startswith("dicomsh")]) <= 95


def test_a_peer_that_was_not_probed_needs_no_json(tmp_path: Path) -> None:
    loaded = imported_by(tmp_path, "-m", "NOBODY@127.0.0.1:1", "-c", "find study")
    assert "json" not in loaded


def test_a_command_without_a_query_loads_no_library(tmp_path: Path) -> None:
    loaded = imported_by(tmp_path, "-c", "pwd")
    assert "dicomsh.commands.walk" in loaded
    assert (HEAVY | SLOW) & {name.split(".")[0] for name in loaded} == set()
    assert not any(name.startswith(("dicomsh.dimse", "dicomsh.practice")) for name in loaded)


@pytest.mark.parametrize("form", ["table", "ndjson"])
def test_an_everyday_query_loads_no_library(tmp_path: Path, form: str) -> None:
    rows = [
        study(1, SpecificCharacterSet=charset, PatientName=name)
        for charset, name in (
            ("", "DOE^JOHN"),
            ("ISO_IR 100", "Müller^Jürgen"),
            ("ISO_IR 144", "Люкс"),
            ("ISO_IR 192", "王^小東"),
            ("GB18030", "王^小东"),
            ("\\ISO 2022 IR 87", "YAMADA^TAROU"),
        )
    ]
    with scp(answering(*rows)) as modality:
        words = (
            "-m",
            str(modality.address),
            "-o",
            form,
            "-c",
            "find study PatientName=* +PatientSex",
        )
        loaded = imported_by(tmp_path, *words)
    assert "dicomsh.dimse.find" in loaded
    assert HEAVY & {name.split(".")[0] for name in loaded} == set()
    assert loaded & {*OF_A_PROMPT, *OF_A_MASK, *OF_OTHER_QUERIES} == set()


def test_only_the_command_that_is_run_is_loaded(tmp_path: Path) -> None:
    loaded = imported_by(tmp_path, "-c", "pwd")
    commands = {name for name in loaded if name.startswith("dicomsh.commands.")}
    ours = ("walk", "context", "run")  # the last two are part of the shell
    assert commands == {f"dicomsh.commands.{name}" for name in ours}


def test_a_query_loads_what_it_needs_alone(tmp_path: Path) -> None:
    """Nobody listens there, which is known when all modules have been loaded."""
    loaded = imported_by(tmp_path, "-m", "NOBODY@127.0.0.1:1", "-c", "find study")
    assert {"asyncio", "dicomsh.dimse.connect"} <= loaded
    assert {"prompt_toolkit", "pygments", "yaml"} & {name.split(".")[0] for name in loaded} == set()
    assert not any(name.startswith("dicomsh.practice") for name in loaded)


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_plain_data_is_made_without_dataclasses(path: Path) -> None:
    assert not any(
        found.root in {"dataclasses", "inspect"} and not found.late and not found.typing
        for found in imports_of(name_of(path))
    )


def test_the_version_needs_nothing_of_ours(tmp_path: Path) -> None:
    loaded = imported_by(tmp_path, "--version")
    assert {name for name in loaded if name.startswith("dicomsh")} <= {
        "dicomsh",
        "dicomsh.cli",
        "dicomsh.errors",
        "dicomsh.__main__",
    }
    assert "dicomsh.cli" in loaded
    assert (HEAVY | {"asyncio", "yaml"}) & {name.split(".")[0] for name in loaded} == set()


_LEFT = """
import gc
from dicomsh.cli import main

main(["-c", "pwd"])
print(len(gc.get_objects()))
"""
"""Runs the program, and tells how many objects the collector would look at when Python ends."""


def test_the_end_leaves_nothing_to_collect(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _LEFT],
        capture_output=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        timeout=60,
        check=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )
    assert int(done.stdout.split()[-1]) < 100
