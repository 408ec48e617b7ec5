"""Classes of plain data, created without `dataclasses`.

    @frozen
    class Place:
        level: Level
        keys: tuple[Key, ...] = ()

means what `@dataclass(frozen=True, slots=True)` means, and `@slotted` what `@dataclass(slots=True)`
does. The standard module generates and compiles six functions for each class when it is defined,
which takes a millisecond each: with a hundred classes, that was a third of the program's startup
time. Here all classes share the same functions, except `__init__`, which is compiled once more
than a few objects are created.

Features that the program does not use are left out: inheritance, `__post_init__`, ordering.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import TYPE_CHECKING, Any, TypeVar, dataclass_transform

__all__ = ["FrozenError", "field", "frozen", "names_of", "replace", "slotted"]

_T = TypeVar("_T")


class FrozenError(AttributeError):
    """An attempt to set or delete an attribute of an immutable object."""


class _Missing:
    """No default."""


class _Field:
    """The properties of an attribute besides its type."""

    def __init__(self, default: Any, factory: Callable[[], Any] | None, compare: bool) -> None:
        self.default = default
        self.factory = factory
        self.compare = compare


def field(
    *,
    default: Any = _Missing,
    default_factory: Callable[[], Any] | None = None,
    compare: bool = True,
) -> Any:
    """An attribute with a default created for each object, or one that is not compared."""
    return _Field(default, default_factory, compare)


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def frozen(cls: type[_T]) -> type[_T]:
    """A class of immutable objects that are compared by value and can be hashed."""
    hashed = vars(cls).get("__hash__") or _hash  # None where the class has an `__eq__` only
    return _made(cls, {"__hash__": hashed, "__setattr__": _set, "__delattr__": _delete})


@dataclass_transform(field_specifiers=(field,))
def slotted(cls: type[_T]) -> type[_T]:
    """A class of mutable objects that are compared by value."""
    return _made(cls, {"__hash__": vars(cls).get("__hash__")})


def _made(cls: type[_T], methods: dict[str, Any]) -> type[_T]:
    """The class created again with slots and with the methods of data."""
    space = {name: value for name, value in vars(cls).items() if name not in _OF_NO_SLOTS}
    names = tuple(space["__annotations__"])
    fields = {name: _field(space.pop(name, _Missing)) for name in names}
    space = {"__repr__": _repr, "__eq__": _equal} | space | methods
    space |= {
        "__slots__": names,
        "__match_args__": names,
        "__fields__": fields,
        "__compared__": _values_of([name for name in names if fields[name].compare]),
        "__made__": 0,
        "__init__": _first_init,
        "__getstate__": _state,
        "__setstate__": _restore,
        "__replace__": _replace,
    }
    made: type[_T] = type(cls.__name__, cls.__bases__, space)
    made.__qualname__ = cls.__qualname__
    return made


_OF_NO_SLOTS = frozenset({"__dict__", "__weakref__"})
"""Entries that a class without slots has for its objects."""


def names_of(data: Any) -> tuple[str, ...]:
    """The names of the attributes of a class created here, or of an object, in order."""
    names: tuple[str, ...] = data.__match_args__
    return names


def _field(default: Any) -> _Field:
    return default if isinstance(default, _Field) else _Field(default, None, compare=True)


def _values_of(names: list[str]) -> Any:
    """A function that returns the values of some attributes of an object as a tuple."""
    if len(names) > 1:
        return attrgetter(*names)
    return staticmethod(lambda item: tuple(getattr(item, name) for name in names))


_FEW = 3
"""Objects created before an `__init__` is compiled, which takes as long as ten without it."""


def _first_init(self: Any, *args: Any, **options: Any) -> None:
    """Fills the first objects, then compiles the `__init__` of the class and calls it."""
    cls = type(self)
    if cls.__made__ < _FEW and _filled(self, args, options):
        cls.__made__ += 1
        return
    cls.__init__ = _init(cls)
    cls.__init__(self, *args, **options)


def _filled(item: Any, args: tuple[Any, ...], options: dict[str, Any]) -> bool:
    """Fill an object; returns whether the arguments were valid."""
    fields = item.__fields__
    values = dict(zip(fields, args, strict=False))
    if len(values) < len(args) or values.keys() & options or options.keys() - fields.keys():
        return False
    values |= options
    for name, made in fields.items():
        if name not in values:
            if made.factory is None and made.default is _Missing:
                return False
            values[name] = made.factory() if made.factory else made.default
        object.__setattr__(item, name, values[name])
    return True


def _init(cls: Any) -> Any:
    """The `__init__` of a class, with its attributes as parameters.

    It sets an attribute through its slot, because `__setattr__` raises an error.
    """
    space: dict[str, Any] = {}
    parameters, lines = ["self"], []
    for name, made in cls.__fields__.items():
        space[f"_set_{name}"] = getattr(cls, name).__set__
        value = name
        if made.factory is not None:
            space[f"_new_{name}"], space["_missing"] = made.factory, _Missing
            parameters.append(f"{name}=_missing")
            value = f"_new_{name}() if {name} is _missing else {name}"
        elif made.default is not _Missing:
            space[f"_default_{name}"] = made.default
            parameters.append(f"{name}=_default_{name}")
        else:
            parameters.append(name)
        lines.append(f" _set_{name}(self, {value})\n")
    source = f"def __init__({', '.join(parameters)}):\n{''.join(lines) or ' pass'}"
    exec(source, space)  # noqa: S102 - names of attributes from our own source
    init = space["__init__"]
    init.__qualname__ = f"{cls.__qualname__}.__init__"
    return init


def _repr(self: Any) -> str:
    shown = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.__slots__)
    return f"{type(self).__qualname__}({shown})"


def _equal(self: Any, other: Any) -> Any:
    if other.__class__ is not self.__class__:
        return NotImplemented
    values = self.__compared__
    return values(self) == values(other)


def _hash(self: Any) -> int:
    return hash(self.__compared__(self))


def _set(self: Any, name: str, value: Any) -> None:
    del self, value
    raise FrozenError(f"cannot assign to field {name!r}")


def _delete(self: Any, name: str) -> None:
    del self
    raise FrozenError(f"cannot delete field {name!r}")


def _state(self: Any) -> list[Any]:
    """For `copy` and `pickle`."""
    return [getattr(self, name) for name in self.__slots__]


def _restore(self: Any, state: list[Any]) -> None:
    for name, value in zip(self.__slots__, state, strict=True):
        object.__setattr__(self, name, value)


def _replace(self: _T, /, **changes: Any) -> _T:
    """A copy with some attributes changed; `copy.replace` calls it, too."""
    values = {name: getattr(self, name) for name in self.__slots__}  # type: ignore[attr-defined]
    return type(self)(**values | changes)


if TYPE_CHECKING:  # mypy checks its arguments against the attributes of the class
    from dataclasses import replace
else:
    replace = _replace
