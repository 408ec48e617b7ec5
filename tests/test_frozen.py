"""Our classes of plain data beside those of `dataclasses`: the same definitions, used alike."""

from __future__ import annotations

import copy
import pickle
from dataclasses import FrozenInstanceError, dataclass
from dataclasses import field as standard_field
from dataclasses import replace as standard_replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dicomsh.frozen import FrozenError, field, frozen, names_of, replace, slotted


class Standard:
    @dataclass(frozen=True, slots=True)
    class Many:
        one: int
        two: str = "two"
        many: list[int] = standard_field(default_factory=list)
        aside: str = standard_field(default="", compare=False)

        @property
        def both(self) -> str:
            return f"{self.one} {self.two}"

    @dataclass(frozen=True, slots=True)
    class Single:
        only: Any

    @dataclass(frozen=True, slots=True)
    class Shown:
        """Has functions of its own."""

        one: int

        def __repr__(self) -> str:
            return "shown"

        def __hash__(self) -> int:
            return 7

    @dataclass(slots=True)
    class Changing:
        one: int
        two: list[int] = standard_field(default_factory=list)


class Ours:
    @frozen
    class Many:
        one: int
        two: str = "two"
        many: list[int] = field(default_factory=list)
        aside: str = field(default="", compare=False)

        @property
        def both(self) -> str:
            return f"{self.one} {self.two}"

    @frozen
    class Single:
        only: Any

    @frozen
    class Shown:
        """Has functions of its own."""

        one: int

        def __repr__(self) -> str:
            return "shown"

        def __hash__(self) -> int:
            return 7

    @slotted
    class Changing:
        one: int
        two: list[int] = field(default_factory=list)


NAMES = ("Many", "Single", "Shown", "Changing")

few = st.integers(0, 2)
arguments = st.tuples(
    st.lists(few, max_size=5),
    st.dictionaries(st.sampled_from(["one", "two", "many", "aside", "only", "none"]), few),
)


def told(action: Any) -> Any:
    """What comes of an action, or the kind of its error."""
    try:
        return action()
    except Exception as error:
        return FrozenInstanceError if isinstance(error, FrozenError) else type(error)


def values(made: Any) -> Any:
    if isinstance(made, type):
        return made
    return [getattr(made, name) for name in made.__match_args__]


def pairs(name: str, *given: Any) -> tuple[list[Any], list[Any]]:
    """Objects made alike by both."""
    return (
        [told(lambda one=one: getattr(Standard, name)(*one[0], **one[1])) for one in given],
        [told(lambda one=one: getattr(Ours, name)(*one[0], **one[1])) for one in given],
    )


@pytest.mark.parametrize("name", NAMES)
@given(first=arguments, second=arguments)
def test_what_is_made_and_how_it_is_compared(name: str, first: Any, second: Any) -> None:
    standard, ours = pairs(name, first, second)
    assert [values(made) for made in ours] == [values(made) for made in standard]
    assert (ours[0] == ours[1]) == (standard[0] == standard[1])
    assert (ours[0] != ours[1]) == (standard[0] != standard[1])
    if not isinstance(ours[0], type):
        assert told(lambda: hash(ours[0])) == told(lambda: hash(standard[0]))
        shown = repr(standard[0]).replace("Standard.", "Ours.")
        assert repr(ours[0]) == shown
        assert ours[0] != standard[0]


@pytest.mark.parametrize("name", NAMES)
@given(first=arguments, changes=arguments)
def test_what_is_made_of_another(name: str, first: Any, changes: Any) -> None:
    (standard,), (ours,) = pairs(name, first)
    if not isinstance(ours, type):
        changed = told(lambda: replace(ours, **changes[1]))
        assert values(changed) == values(told(lambda: standard_replace(standard, **changes[1])))
        assert copy.copy(ours) == ours
        assert values(copy.deepcopy(ours)) == values(ours)
        assert values(pickle.loads(pickle.dumps(ours))) == values(ours)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("attribute", ["one", "only", "none"])
def test_what_can_be_set_and_deleted(name: str, attribute: str) -> None:
    for made in zip(*pairs(name, ([1], {})), strict=True):
        outcomes = [told(lambda one=one: setattr(one, attribute, 2)) for one in made]
        outcomes += [told(lambda one=one: delattr(one, attribute)) for one in made]
        known = attribute in names_of(made[1])
        assert outcomes[0] == outcomes[1] or not known
        assert outcomes[2] == outcomes[3] or not known
        assert known or all(isinstance(one, type) for one in outcomes)


def test_attributes_have_no_room_for_others_and_match_in_order() -> None:
    made = Ours.Many(1, many=[3])
    assert not hasattr(made, "__dict__")
    assert made.both == "1 two"
    match made:
        case Ours.Many(one, two, [many]):
            assert (one, two, many) == (1, "two", 3)
    assert names_of(Ours.Many) == ("one", "two", "many", "aside")


def test_a_default_is_made_anew() -> None:
    first, second = Ours.Many(1), Ours.Many(1)
    first.many.append(1)
    assert second.many == []


def test_names_of_the_class_are_kept() -> None:
    assert Ours.Many.__qualname__ == "Ours.Many"
    assert Ours.Many.__module__ == __name__
    assert Ours.Shown.__doc__ == "Has functions of its own."
    with pytest.raises(TypeError, match=r"Many\.__init__\(\) missing 1 required positional"):
        Ours.Many()  # type: ignore[call-arg]
