"""Every hostile session there is, with figures: `python -m tests.hostile` takes minutes."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from tests.hostile import floods, practice
from tests.hostile.conversation import ENDS, Cut, Flip, fault, recorded
from tests.hostile.measure import Cost, held, turned
from tests.hostile.peer import Attack
from tests.hostile.session import session

_CHANGES = (*(1 << bit for bit in range(8)), 0xFF)
_LONG = "{response: 60, association: 60, connect: 20}"


def main() -> int:
    """Run all of them; the number of faults is the exit status, at most 1."""
    faults = [*_conversations(), *_floods(), *_practice()]
    for one in faults:
        _say(one)
    _say(f"{len(faults)} faults")
    return min(len(faults), 1)


def _conversations() -> Iterator[str]:
    places, length = recorded()
    attacks: list[Attack] = [Cut(place, end) for place in range(length) for end in ENDS]
    attacks += [Flip(place, change) for place in places for change in _CHANGES]
    for attack in attacks:
        found = fault(session(attack), attack)
        if found:
            yield found
    _say(f"{length * len(ENDS):,} cut conversations, {len(places) * len(_CHANGES):,} changed bytes")


def _floods() -> Iterator[str]:
    worst = Cost()
    for name, attack in floods.all_attacks():
        cost = _cost(attack)
        worst |= cost
        _say(f"{name:45} {cost.held / (1 << 20):6.0f} MiB {cost.calls:10,} calls in one turn")
    _say(f"worst: {worst.held / (1 << 20):.0f} MiB, {worst.calls:,} calls in one turn")
    yield from ()


def _cost(attack: Attack) -> Cost:
    _, memory = held(lambda: session(attack, output="json", timeouts=_LONG))
    _, work = turned(lambda: session(attack, output="json", timeouts=_LONG))
    return memory | work


def _practice() -> Iterator[str]:
    number = 0
    with practice.archive() as (server, errors):
        for place in range(len(practice.RECORDED)):
            clients = [practice.cut(place, end) for end in ("close", "reset")]
            clients += [practice.flipped(place, change) for change in _CHANGES]
            number += len(clients)
            for client in clients:
                practice.attack(server, client)
        if not practice.still_answers(server):
            yield "the practice archive no longer answers"
        yield from errors
    _say(f"{number:,} hostile clients of the practice archive")


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
