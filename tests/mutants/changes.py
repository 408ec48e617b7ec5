"""The changes of a module: its functions, one thing in them different each time."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import unified_diff
from itertools import islice
from pathlib import Path
from types import CodeType
from typing import Any

import libcst
from libcst.metadata import MetadataWrapper, ParentNodeProvider, PositionProvider
from mutmut.mutation.file_mutation import MutationVisitor
from mutmut.mutation.mutators import (
    mutation_operators,
    operator_arg_removal,
    operator_assignment,
    operator_string,
)
from mutmut.mutation.pragma_handling import IgnoredCode

_WORDS = re.compile(r"[a-z]{2,}[,:;.]? [a-z({']|[a-z ]: |, $")


@dataclass(frozen=True)
class Change:
    """One change of one function.

    Attributes:
        lines: those of the statement that is changed, from 1.
        extent: those of the function.
        before, after: the whole function, not indented.
    """

    module: Path
    function: str
    lines: range
    extent: range
    before: str
    after: str

    @property
    def diff(self) -> str:
        """The lines that differ, the old ones first."""
        lines = unified_diff(self.before.splitlines(), self.after.splitlines(), n=0, lineterm="")
        return "\n".join(line for line in lines if not line.startswith(("---", "+++", "@@")))

    def __str__(self) -> str:
        return f"{self.module}:{self.lines[0]}: {self.function}\n{self.diff}"

    def compiled(self) -> CodeType:
        """The changed function."""
        inside = textwrap.indent(self.after, " ")  # a class, in case of super()
        text = f"from __future__ import annotations\nclass {self.owner}:\n{inside}"
        code = compile(text, str(self.module), "exec", dont_inherit=True)
        for _ in range(2):
            code = [inner for inner in code.co_consts if isinstance(inner, CodeType)][-1]
        return code

    @property
    def owner(self) -> str:
        """The class that it is a method of, or any."""
        return self.function.rpartition(".")[0] or "Any"


class _Visitor(MutationVisitor):
    """Goes into decorated functions as well, but leaves out the defaults of parameters."""

    def _skip_node_and_children(self, node: libcst.CSTNode) -> bool:
        if isinstance(node, libcst.FunctionDef):
            return False
        if isinstance(node, libcst.Decorator | libcst.Parameters):
            return True
        return bool(super()._skip_node_and_children(node))


def changes(module: Path) -> list[Change]:
    """All changes of a module, in the order of its lines."""
    wrapper = MetadataWrapper(libcst.parse_module(module.read_text("utf-8")))
    instead: dict[Any, Any] = {
        operator_string: _string,
        operator_arg_removal: _argument,
        operator_assignment: _none,
    }
    operators = [(kind, instead.get(operator, operator)) for kind, operator in mutation_operators]
    visitor = _Visitor(operators, IgnoredCode(set(), set(), set()))
    wrapper.visit(visitor)
    parents = wrapper.resolve(ParentNodeProvider)
    places = wrapper.resolve(PositionProvider)
    found = []
    for mutation in visitor.mutations:
        above = list(_above(mutation.original_node, parents))
        function = _outermost_function(above)
        if function is None:
            continue
        statement = next(node for node in above if isinstance(node, _STATEMENTS))
        owners = above[above.index(function) :]
        names = [node.name.value for node in owners if isinstance(node, _NAMED)]
        before = wrapper.module.code_for_node(function)
        changed = function.deep_replace(mutation.original_node, mutation.mutated_node)
        after = wrapper.module.code_for_node(changed)
        if before != after:
            lines = _lines(places[_judged(statement)])
            extent = _lines(places[function], len(function.decorators))
            found.append(Change(module, ".".join(reversed(names)), lines, extent, before, after))
    return found


_NAMED = (libcst.FunctionDef, libcst.ClassDef)
_STATEMENTS = (libcst.SimpleStatementLine, libcst.BaseCompoundStatement)


def _lines(place: Any, above: int = 0) -> range:
    return range(place.start.line - above, place.end.line + 1)


def _judged(statement: libcst.CSTNode) -> libcst.CSTNode:
    """The part of a compound statement that runs before its block does."""
    for name in ("test", "iter", "subject"):
        part = getattr(statement, name, None)
        if isinstance(part, libcst.CSTNode):
            return part
    return statement


def _above(node: libcst.CSTNode, parents: Any) -> Iterator[libcst.CSTNode]:
    while not isinstance(node, libcst.Module):
        yield node
        node = parents[node]


def _outermost_function(above: list[libcst.CSTNode]) -> libcst.FunctionDef | None:
    functions = [node for node in above if isinstance(node, libcst.FunctionDef)]
    return functions[-1] if functions else None


def _string(node: libcst.BaseString) -> Iterator[libcst.BaseString]:
    """Other letters; words remain."""
    if not isinstance(node, libcst.SimpleString) or not _WORDS.search(node.value):
        yield from islice(operator_string(node), 1)


def _argument(node: libcst.Call) -> Iterator[libcst.Call]:
    """Without an argument, unless others would move up."""
    last = len(node.args) - 1
    for changed in operator_arg_removal(node):
        kept = set(map(id, changed.args))
        missing = [at for at, arg in enumerate(node.args) if id(arg) not in kept]
        if len(changed.args) == last and (missing == [last] or node.args[missing[0]].keyword):
            yield changed


def _none(node: libcst.CSTNode) -> Iterator[libcst.CSTNode]:
    """Nothing: mypy notices None in most places."""
    del node
    yield from ()
