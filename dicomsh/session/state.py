"""What a session remembers: modality, place, entities listed, settings, variables. No I/O."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dicomsh.config import Config
from dicomsh.errors import UsageError
from dicomsh.frozen import frozen, replace
from dicomsh.mask.masking import Masking
from dicomsh.model.answer import Outcome
from dicomsh.model.columns import Column
from dicomsh.model.levels import Level
from dicomsh.model.modality import Modality, in_use
from dicomsh.model.place import Place, quote_segment
from dicomsh.session.entity_index import EntityIndex
from dicomsh.session.kept_answer import KeptAnswer, too_much
from dicomsh.settings import Chosen, Settings

if TYPE_CHECKING:
    from dicomsh.mask.mask import Mask

KEPT_LISTINGS = 200
"""Answers that are kept."""


@frozen
class Failure:
    """A command that failed, as typed, and the last answer at that time."""

    command: str
    last: KeptAnswer | None


class Session:
    """The state of one shell.

    Args:
        config: the modalities file.
        variables: values of `$NAME`.
        defaults: the settings at the start.
        settings_file: where the user's settings are kept; None in scripts, which have none.

    Attributes:
        settings: those in effect.
        chosen: the same without overrides by options of the command line: what can be saved.
        saved: its choices when the settings file was last read or written.
        modalities: those in use; several are asked side by side, at their root.
        apart: whether it is a session as seen from another place.
        masking: makes up names and IDs while the setting `mask` is on.
        lessons: returns the titles of lessons by name, for completion.
        command: the one that is running, as typed.
        failure: the last command that failed.
    """

    def __init__(
        self,
        config: Config,
        variables: dict[str, str] | None = None,
        defaults: Settings | None = None,
        settings_file: Path | None = None,
    ) -> None:
        self.config = config
        self.variables: dict[str, str] = dict(variables or {})
        self.aliases: dict[str, str] = {}
        self.defaults = self.settings = self.chosen = defaults or Settings()
        self.settings_file = settings_file
        self.saved = self.choices
        self.apart = False
        self.modalities: tuple[Modality, ...] = ()
        self.place = Place()
        self.previous: tuple[tuple[Modality, ...], Place] | None = None
        self.listings: deque[KeptAnswer] = deque(maxlen=KEPT_LISTINGS)
        self.lessons: Callable[[], Mapping[str, str]] = dict
        self.command = ""
        self.failure: Failure | None = None
        self._seen: defaultdict[str, EntityIndex] = defaultdict(EntityIndex)
        self.masking = Masking(lambda: self.settings.mask)

    @property
    def choices(self) -> Chosen:
        """What it has chosen that can be saved."""
        return Chosen(self.chosen, dict(self.aliases))

    @property
    def today(self) -> date:
        """The day that relative dates count from."""
        return date.today()  # not kept: a session may run past midnight

    @property
    def next_level(self) -> Level:
        """The level that `ls` lists at the current place."""
        return self.place.next_level

    @property
    def last(self) -> KeptAnswer | None:
        """The last answer listed."""
        return self.listings[-1] if self.listings else None

    @property
    def modality(self) -> Modality | None:
        """The modality in use; None if there is none, or if there are several."""
        return self.modalities[0] if len(self.modalities) == 1 else None

    @property
    def names_in_use(self) -> str:
        """The names of the modalities in use, joined by commas; empty if there is none."""
        return ",".join(modality.name for modality in self.modalities)

    def current(self, how: str = "") -> Modality:
        """The current modality.

        Args:
            how: what to type for one of several, with its name for {}.

        Raises:
            UsageError: no modality is in use, or several are.
        """
        return in_use(self.modalities, how)

    def choose(self, *modalities: Modality) -> None:
        """Make these modalities the current ones, at their root."""
        self.move(modalities, Place())

    def move(self, modalities: tuple[Modality, ...], place: Place) -> None:
        """Go to a place in a modality, or to the root of several; `cd -` leads back."""
        self.previous = (self.modalities, self.place)
        self.modalities = modalities
        self.place = place

    def known(self, name: str) -> Modality | None:
        """A modality that is in use or configured, by its name."""
        used = (modality for modality in self.modalities if modality.name == name)
        if "@" in name:
            return next(used, self.config.adhoc(name))
        return next(used, self.config.modalities.get(name))

    def seen_in(self, modality: Modality) -> Session:
        """This session as seen from the root of one modality."""
        there = self.at(Place(), {})
        there.modalities = (modality,)
        return there

    def at(self, place: Place, variables: Mapping[str, str]) -> Session:
        """This session as seen from another place, with further variables.

        Answers listed there are known here; moves, variables and aliases made there are not.
        """
        from copy import copy

        there = copy(self)
        there.apart = True
        there.place = place
        there.variables = {**self.variables, **variables}
        there.aliases = dict(self.aliases)
        return there

    def begin(self, columns: tuple[Column, ...], level: Level, place: Place) -> KeptAnswer:
        """An answer of the current modality, to be filled and then kept."""
        return KeptAnswer(self.names_in_use, columns, level, place, command=self.command)

    def keep(self, kept: KeptAnswer, outcome: Outcome) -> None:
        """Remember an answer that has ended."""
        kept.outcome = outcome
        if kept.asked_query is not None:
            kept.modality = kept.asked_query.modality.name
        self.listings.append(kept)
        while too_much(self.listings):
            self.listings.popleft()
        for name, rows in kept.by_modality().items():
            self._seen[name].feed(rows, kept.level, kept.place)

    def answers(self) -> Iterator[KeptAnswer]:
        """Answers of the current modalities, the latest first."""
        name = self.names_in_use
        return (kept for kept in reversed(self.listings) if kept.modality == name)

    def seen_of(self, modality: str) -> EntityIndex:
        """What was seen in the answers of a modality."""
        return self._seen[modality]

    @property
    def seen(self) -> EntityIndex:
        """What was seen in the answers of the current modality."""
        return self.seen_of(self.modality.name if self.modality else "")

    def learn(self, rows: int | None = None) -> bool:
        """Index that many listed rows, or all of them; returns whether any are left."""
        left = [seen.learn(rows) for seen in self._seen.values()]
        return any(left)

    def set(self, name: str, value: Any) -> None:
        """Change a setting; the value has been checked.

        Raises:
            UsageError: the session is only one as seen from another place.
        """
        if self.apart:
            hint = f"change it first: set {name} VALUE"
            raise UsageError(f"{name} cannot be set for one row", hint=hint)
        self.chosen = replace(self.chosen, **{name: value})
        self.override(name, value)

    def override(self, name: str, value: Any) -> None:
        """Change a setting for this session only; the value has been checked."""
        self.settings = replace(self.settings, **{name: value})
        if name == "mask" and value:  # rows listed unmasked may be quoted in later text
            self.masking.recognise(row for kept in self.listings for row in kept.rows)

    @property
    def mask(self) -> Mask | None:
        """Makes up names and IDs for all that is shown; None while real ones are shown."""
        return self.masking.mask

    @property
    def path(self) -> str:
        """The path of the current place, as it may be shown: the modality and unique keys."""
        if not self.modalities:
            return "/"
        name = quote_segment(self.names_in_use)
        return f"/{name}{self.shown_place.path if self.place.steps else ''}"

    @property
    def shown_place(self) -> Place:
        """The current place as it may be shown."""
        return self.masking.place(self.place)
