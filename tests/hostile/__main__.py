"""Every hostile session there is, with figures: `python -m tests.hostile` takes some minutes."""

from __future__ import annotations

import os
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor

from dicomsh.practice.server import PracticeServer
from tests.hostile import archive, floods, practice, program
from tests.hostile.conversation import ENDS, Cut, Flip, fault, recorded, trickled
from tests.hostile.measure import Cost, held, turned
from tests.hostile.peer import Attack
from tests.hostile.program import Figures
from tests.hostile.session import BRIEF, session

_CHANGES = (*(1 << bit for bit in range(8)), 0xFF)
_AT_ONCE = 4 * (os.cpu_count() or 1)
"""Sessions at a time: nearly all they do is wait."""


def main(words: Sequence[str]) -> int:
    """Run all parts, or those that are named; the exit status is 1 if anything is wrong."""
    warnings.simplefilter("ignore")  # pydicom's, about UIDs that were changed
    parts: dict[str, Callable[[], Iterator[str]]] = {
        "conversations": _conversations,
        "carrying": _carrying,
        "practice": _practice,
        "floods": _floods,
        "programs": _programs,
    }
    faults: list[str] = []
    for name in words or parts:
        begin = time.monotonic()
        faults += parts[name]()
        _say(f"{name}: {time.monotonic() - begin:.0f} s")
    for one in faults:
        _say(one)
    _say(f"{len(faults)} faults")
    return min(len(faults), 1)


def _conversations() -> Iterator[str]:
    places, length = recorded()
    attacks: list[Attack] = [Cut(place, end) for place in range(length) for end in ENDS]
    attacks += [Flip(place, change) for place in places for change in _CHANGES]
    with _processes() as pool:
        judged = list(pool.map(_judged, attacks, chunksize=20))
    _say(f"{length * len(ENDS):,} cut conversations, {len(places) * len(_CHANGES):,} changed bytes")
    _say(f"longest session {max(seconds for _, seconds in judged):.1f} s")
    yield from (found for found, _ in judged if found)


def _carrying() -> Iterator[str]:
    """get, get --via move and store: every byte that brings objects cut, or changed."""
    attacks: list[tuple[str, Cut | Flip]] = []
    for way in archive.WAYS:
        places, length = archive.recorded(way)
        attacks += [(way, Cut(place, end)) for place in range(length) for end in ("close", "reset")]
        attacks += [(way, Flip(place, change)) for place in places for change in (1, 0x80, 0xFF)]
    with _processes() as pool:
        judged = list(pool.map(_carried, attacks, chunksize=20))
    _say(f"{len(attacks):,} sessions that carried objects")
    _say(f"longest session {max(seconds for _, seconds in judged):.1f} s")
    yield from (found for found, _ in judged if found)


def _carried(task: tuple[str, Cut | Flip]) -> tuple[str, float]:
    way, attack = task
    begin = time.monotonic()
    found = archive.carried(way, made=attack.made)
    return archive.fault(way, found, attack), time.monotonic() - begin


def _processes() -> Executor:
    return ProcessPoolExecutor(_AT_ONCE)


def _judged(attack: Attack) -> tuple[str, float]:
    """What is wrong with a session, and its seconds."""
    begin = time.monotonic()
    return fault(session(attack, timeouts=BRIEF), attack), time.monotonic() - begin


def _floods() -> Iterator[str]:
    worst = Cost()
    for name, attack in floods.all_attacks():
        cost = _cost(attack)
        worst |= cost
        _say(f"{name:45} {cost.held / (1 << 20):6.0f} MiB {cost.calls:10,} calls in one turn")
    _say(f"worst: {worst.held / (1 << 20):.0f} MiB, {worst.calls:,} calls in one turn")
    yield from ()


def _cost(attack: Attack) -> Cost:
    cost = Cost()
    for output in ("table", "json"):
        cost |= held(lambda output=output: session(attack, output=output))[1]  # type: ignore[misc]
        cost |= turned(lambda output=output: session(attack, output=output))[1]  # type: ignore[misc]
    return cost


PROGRAMS = {
    **dict(floods.all_attacks()),
    "ninety megabytes of rows": floods.heavy,
    "ninety megabytes of long values": floods.different,
    "one byte at a time": trickled,
}
TEXTS = {
    "table": "find study",
    "json": "find study",
    "csv": "find study +PatientComments | sort PatientComments date",
    "yaml": "find study; explain last; last",
}


def _programs() -> Iterator[str]:
    """Memory of the whole program, and its response to Ctrl-C."""
    worst, faults = Figures(), list[str]()
    for name, attack in PROGRAMS.items():
        found = Figures()
        for output, text in TEXTS.items():
            found |= program.figures(name, attack, text, output)
        worst |= found
        faults += found.faults
        _say(f"{name:45} {_told(found)}")
    _say(f"worst: {_told(worst)}")
    yield from faults


def _told(found: Figures) -> str:
    peak = found.peak / (1 << 20)
    ends = f"Ctrl-C ends it in {found.response:.2f} s, {found.work:.2f} s of them working"
    return f"{found.seconds:5.1f} s {peak:5.0f} MiB, {ends}"


def _practice() -> Iterator[str]:
    clients: list[practice.Client] = []
    for place in range(len(practice.RECORDED)):
        clients += [practice.cut(place, end) for end in ("close", "reset")]
        clients += [practice.flipped(place, change) for change in _CHANGES]
    with practice.archive() as (server, errors), ThreadPoolExecutor(_AT_ONCE) as pool:
        list(pool.map(lambda client: _attack(server, client), clients))
        if not practice.still_answers(server):
            yield "the practice archive no longer answers"
        if left := practice.left_over(server):
            yield f"{left} threads of the practice archive have not ended"
    yield from errors
    _say(f"{len(clients):,} hostile clients of the practice archive")


def _attack(server: PracticeServer, client: practice.Client) -> None:
    practice.attack(server, client)


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
