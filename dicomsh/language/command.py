"""Typed commands: the signature of a function is the grammar of its command.

    @command("find", family="query", examples=("find patient JOD* sex=M",))
    async def find(shell: Shell, level: Annotated[Level, LEVEL], *keys: Annotated[Term, TERM],
                   limit: Annotated[int | None, COUNT, "stop after N rows"] = None) -> Listing:

Positional parameters are words, `*` takes any number of them, keyword-only parameters are GNU
options, and a keyword-only bool is a flag; a text that begins with `-` is its short form.
`Alone(value)` among the annotations of an option gives its meaning without a value; with one that
has `AsRecords`, the command gives the second of its two types. A stage is the
same, with its input rows between the shell and its own parameters.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from functools import partial
from typing import (
    Annotated,
    Any,
    NamedTuple,
    TypeVar,
    get_args,
    get_origin,
    get_type_hints,
)

from dicomsh.frozen import frozen
from dicomsh.language.knowledge import Kind

Run = Callable[..., Any]
"""A function that gives a result, or is awaited for one."""

_Function = TypeVar("_Function", bound=Run)


@frozen
class Alone:
    """The value of an option given without one; a word after it is its value only if it fits."""

    value: Any


class AsRecords:
    """Among the annotations of an option: with it, the command gives records, not entities."""


@frozen
class Parameter:
    """One parameter of a command.

    `kind` is None for a flag. `many` takes all words that fit. `short` is another way of typing an
    option, such as `-r`, or empty. `alone` is for an option with an optional value. `records` is
    for one with which the command gives records instead of entities.
    """

    name: str
    kind: Kind | None
    help: str
    required: bool = False
    many: bool = False
    option: bool = False
    short: str = ""
    alone: Alone | None = None
    records: bool = False

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
        text += "…" if self.many and not text.endswith("…") else ""
        return text if self.required else f"[{text}]"


@frozen
class Command:
    """A command of the language.

    Args:
        name: one or two words.
        family: heading in the list of commands.
        run: the function; its first argument is the shell.
        parameters: in the order of the signature.
        examples: lines that run on the practice archive.
        gives: the annotated types of its results.
    """

    name: str
    family: str
    run: Run
    parameters: tuple[Parameter, ...]
    examples: tuple[str, ...]
    gives: tuple[type, ...] = ()

    @property
    def doc(self) -> str:
        """The docstring, first line the summary."""
        import inspect

        return inspect.getdoc(self.run) or ""

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

    def gives_with(self, options: Collection[str]) -> tuple[type, ...]:
        """The annotated types of its results with these options."""
        switches = {p.name for p in self.parameters if p.records}
        if not switches:
            return self.gives
        return self.gives[1:] if switches & set(options) else self.gives[:1]

    @property
    def waits(self) -> bool:
        """Whether it may wait for a peer; what is no `async def` needs no event loop."""
        return bool(self.run.__code__.co_flags & _COROUTINE)

    async def result(self, *arguments: Any, **options: Any) -> Any:
        """Run it; gives what it returns."""
        result = self.run(*arguments, **options)
        return await result if self.waits else result

    def option(self, flag: str) -> Parameter | None:
        """The option typed as `flag`, or None."""
        options = (p for p in self.parameters if p.option)
        return next((p for p in options if flag in (p.flag, p.short)), None)


def command(
    name: str, *, family: str, examples: tuple[str, ...] = ()
) -> Callable[[_Function], _Function]:
    """Mark a function as a command; its signature is read when the command is used.

    One that waits for nothing is a plain `def`, and runs without an event loop.
    """
    return _marker("__command__", name, partial(_command, name, family, examples, given=1))


def stage(name: str, *, examples: tuple[str, ...] = ()) -> Callable[[_Function], _Function]:
    """Mark an async function as a stage: its second argument is its input rows."""
    make = partial(_command, name, "stages, after |", examples, given=2)
    return _marker("__stage__", name, make)


def _marker(
    mark: str, name: str, make: Callable[[Run], Command]
) -> Callable[[_Function], _Function]:
    def marked(function: _Function) -> _Function:
        setattr(function, mark, (name, partial(make, function)))
        return function

    return marked


def _command(
    name: str, family: str, examples: tuple[str, ...], function: Run, *, given: int
) -> Command:
    """The command that a function is whose first `given` arguments are not typed.

    Raises:
        TypeError: the signature is not a grammar.
    """
    hints = get_type_hints(function, include_extras=True)
    typed = list(_signature(function))[given:]
    parameters = tuple(_parameter(function, p, hints.get(p.name)) for p in typed)
    if not function.__doc__:
        raise TypeError(f"command '{name}' has no docstring")
    gives = _types(hints.get("return"))
    return Command(name, family, function, parameters, examples, gives)


class _Typed(NamedTuple):
    """A parameter of a function, as it stands in its signature."""

    name: str
    many: bool = False
    option: bool = False
    default: bool = False


def _signature(function: Run) -> Iterator[_Typed]:
    """The parameters of a function, without `inspect`, which takes long to import."""
    code = function.__code__
    words, end = code.co_argcount, code.co_argcount + code.co_kwonlyargcount
    defaults = words - len(function.__defaults__ or ())
    for number, name in enumerate(code.co_varnames[:words]):
        yield _Typed(name, default=number >= defaults)
    if code.co_flags & _VARARGS:
        yield _Typed(code.co_varnames[end], many=True)
    for name in code.co_varnames[words:end]:
        yield _Typed(name, option=True)


_VARARGS = 4
"""`inspect.CO_VARARGS`: the function has a parameter with `*`."""

_COROUTINE = 128
"""`inspect.CO_COROUTINE`: the function is an `async def`."""


def _types(hint: Any) -> tuple[type, ...]:
    """The types that an annotation allows."""
    return tuple(get_args(hint)) or (hint,)


def _parameter(function: Run, parameter: _Typed, hint: Any) -> Parameter:
    option, many = parameter.option, parameter.many
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
    required = not (parameter.default or many or option)
    records = any(extra is AsRecords for extra in extras)
    return Parameter(parameter.name, kind, text, required, many, option, short, alone, records)


Loader = Callable[[], Command]
"""What gives a command, and imports the module that has it before."""


def commands_of(module: Any) -> dict[str, Loader]:
    """The commands of a module by name, in its order."""
    return _marked(module, "__command__")


def stages_of(module: Any) -> dict[str, Loader]:
    """The stages of a module by name, in its order."""
    return _marked(module, "__stage__")


def _marked(module: Any, mark: str) -> dict[str, Loader]:
    return dict(getattr(value, mark) for value in vars(module).values() if hasattr(value, mark))


class Names:
    """Commands by name, each loaded when it is asked for.

    Args:
        loaders: what gives them, by name.
    """

    def __init__(self, loaders: Mapping[str, Loader]) -> None:
        self._loaders = loaders
        self._loaded: dict[str, Command] = {}

    def __iter__(self) -> Iterator[Command]:
        return map(self._load, self._loaders)

    @property
    def names(self) -> tuple[str, ...]:
        """All names, sorted."""
        return tuple(sorted(self._loaders))

    def get(self, name: str) -> Command | None:
        """The command of an exact name, or None."""
        return self._load(name) if name in self._loaders else None

    def _load(self, name: str) -> Command:
        if name not in self._loaded:
            self._loaded[name] = self._loaders[name]()
        return self._loaded[name]

    def further(self, first: str) -> list[str]:
        """The second words of the names that begin with a word, sorted."""
        return [name.split()[1] for name in self.names if name.startswith(f"{first} ")]


class Registry(Names):
    """The commands of a shell, by name, and its stages.

    Args:
        commands: what gives the commands, by name.
        stages: what gives the stages, by name.
    """

    def __init__(self, commands: Mapping[str, Loader], stages: Mapping[str, Loader]) -> None:
        super().__init__(commands)
        self.stages = Names(stages)
