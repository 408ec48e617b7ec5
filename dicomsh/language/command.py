"""Typed commands: the signature of a function is the grammar of its command.

    @command("find", family="query", examples=("find patient JOD* sex=M",))
    async def find(shell: Shell, level: Annotated[Level, LEVEL], *keys: Annotated[Term, TERM],
                   limit: Annotated[int | None, COUNT, "stop after N rows"] = None) -> Listing:

Positional parameters are words, `*` takes any number of them, keyword-only parameters are GNU
options, and a keyword-only bool is a flag; a text that begins with `-` is its short form.
`Alone(value)` among the annotations of an option gives its meaning without a value. A stage is the
same, with its input rows between the shell and its own parameters.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar, get_args, get_origin, get_type_hints

from dicomsh.language.kinds import Kind

Run = Callable[..., Awaitable[Any]]
_Function = TypeVar("_Function", bound=Run)


@dataclass(frozen=True, slots=True)
class Alone:
    """The value of an option given without one; a word after it is its value only if it fits."""

    value: Any


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a command.

    `kind` is None for a flag. `many` takes all words that fit. `short` is another way of typing an
    option, such as `-r`, or empty. `alone` is for an option with an optional value.
    """

    name: str
    kind: Kind | None
    help: str
    required: bool = False
    many: bool = False
    option: bool = False
    short: str = ""
    alone: Alone | None = None

    @property
    def flag(self) -> str:
        """The option as typed: `--limit`; the name of a Python keyword ends with `_`."""
        return "--" + self.name.rstrip("_").replace("_", "-")

    @property
    def flags(self) -> str:
        """All ways of typing the option: `--limit`, `-r, --reverse`."""
        return f"{self.short}, {self.flag}" if self.short else self.flag

    @property
    def usage(self) -> str:
        """The parameter in a usage line: `LEVEL`, `[PATTERN]`, `[Key=Value…]`, `[--limit N]`."""
        text = self.flags.replace(", ", "|") if self.option else ""
        if self.kind is not None:
            value = f"[{self.kind.name}]" if self.alone else self.kind.name
            text = f"{text} {value}".strip()
        text += "…" if self.many else ""
        return text if self.required else f"[{text}]"


@dataclass(frozen=True, slots=True)
class Command:
    """A command of the language.

    Args:
        name: one or two words.
        family: heading in the list of commands.
        run: the function; its first argument is the shell.
        parameters: in the order of the signature.
        doc: the docstring, first line the summary.
        examples: lines that run on the practice archive.
        gives: the annotated types of its results.
    """

    name: str
    family: str
    run: Run
    parameters: tuple[Parameter, ...]
    doc: str
    examples: tuple[str, ...]
    gives: tuple[type, ...] = ()

    @property
    def summary(self) -> str:
        """One line without a full stop."""
        return self.doc.splitlines()[0].rstrip(".")

    @property
    def usage(self) -> str:
        """The command with its parameters, as a usage line."""
        return " ".join([self.name, *(parameter.usage for parameter in self.parameters)])

    @property
    def positionals(self) -> tuple[Parameter, ...]:
        """Parameters that are words."""
        return tuple(p for p in self.parameters if not p.option)

    def option(self, flag: str) -> Parameter | None:
        """The option typed as `flag`, or None."""
        options = (p for p in self.parameters if p.option)
        return next((p for p in options if flag in (p.flag, p.short)), None)


def command(
    name: str, *, family: str, examples: tuple[str, ...] = ()
) -> Callable[[_Function], _Function]:
    """Mark an async function as a command.

    Raises:
        TypeError: at import, if the signature is not a grammar.
    """
    return _marker("__command__", name, family, examples, given=1)


def stage(name: str, *, examples: tuple[str, ...] = ()) -> Callable[[_Function], _Function]:
    """Mark an async function as a stage: its second argument is its input rows.

    Raises:
        TypeError: at import, if the signature is not a grammar.
    """
    return _marker("__stage__", name, "stages, after |", examples, given=2)


def _marker(
    mark: str, name: str, family: str, examples: tuple[str, ...], given: int
) -> Callable[[_Function], _Function]:
    """A decorator that makes a command; the function's first `given` arguments are not typed."""

    def marked(function: _Function) -> _Function:
        hints = get_type_hints(function, include_extras=True)
        typed = list(inspect.signature(function).parameters.values())[given:]
        parameters = tuple(_parameter(function, p, hints.get(p.name)) for p in typed)
        doc = inspect.getdoc(function)
        if not doc:
            raise TypeError(f"command '{name}' has no docstring")
        gives = _types(hints.get("return"))
        setattr(function, mark, Command(name, family, function, parameters, doc, examples, gives))
        return function

    return marked


def _types(hint: Any) -> tuple[type, ...]:
    """The types that an annotation allows."""
    return tuple(get_args(hint)) or (hint,)


def _parameter(function: Run, parameter: inspect.Parameter, hint: Any) -> Parameter:
    option = parameter.kind is inspect.Parameter.KEYWORD_ONLY
    if get_origin(hint) is not Annotated:
        raise TypeError(f"{function.__name__}: parameter '{parameter.name}' has no kind")
    bare, *extras = get_args(hint)
    kind = next((extra for extra in extras if isinstance(extra, Kind)), None)
    texts = [extra for extra in extras if isinstance(extra, str)]
    text = next((extra for extra in texts if not extra.startswith("-")), "")
    short = next((extra for extra in texts if extra.startswith("-")), "")
    alone = next((extra for extra in extras if isinstance(extra, Alone)), None)
    if kind is None and not (option and bare is bool):
        raise TypeError(f"{function.__name__}: parameter '{parameter.name}' has no kind")
    if option and not text:
        raise TypeError(f"{function.__name__}: option '{parameter.name}' has no help")
    if alone and (kind is None or not option):
        raise TypeError(f"{function.__name__}: '{parameter.name}' is not an option with a value")
    many = parameter.kind is inspect.Parameter.VAR_POSITIONAL
    required = parameter.default is inspect.Parameter.empty and not many and not option
    return Parameter(parameter.name, kind, text, required, many, option, short, alone)


class Names:
    """Commands by name.

    Args:
        commands: the commands.
    """

    def __init__(self, commands: Iterable[Command]) -> None:
        self._commands: dict[str, Command] = {made.name: made for made in commands}

    def __iter__(self) -> Iterator[Command]:
        return iter(self._commands.values())

    @property
    def names(self) -> tuple[str, ...]:
        """All names, sorted."""
        return tuple(sorted(self._commands))

    def get(self, name: str) -> Command | None:
        """The command of an exact name, or None."""
        return self._commands.get(name)

    def further(self, first: str) -> list[str]:
        """The second words of the names that begin with a word, sorted."""
        return [name.split()[1] for name in self.names if name.startswith(f"{first} ")]


class Registry(Names):
    """The commands of a shell, by name, and its stages.

    Args:
        modules: the modules with functions marked as commands and stages.
    """

    def __init__(self, modules: Iterable[Any]) -> None:
        functions = [value for module in modules for value in vars(module).values()]
        super().__init__(_marked(functions, "__command__"))
        self.stages = Names(_marked(functions, "__stage__"))


def _marked(functions: Iterable[Any], mark: str) -> list[Command]:
    return [getattr(function, mark) for function in functions if hasattr(function, mark)]
