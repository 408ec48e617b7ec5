"""What the answers of one peer have shown, beside what a probe has found out."""

from __future__ import annotations

from collections.abc import Iterable

from dicomsh.config.known import KnownPeers
from dicomsh.frozen import replace
from dicomsh.model.capability import Feature, Support
from dicomsh.model.modality import Modality


class Experience:
    """What the answers of one modality have shown, in this session or earlier ones.

    Args:
        memory: where it is kept.
        modality: the peer, at the address under which it is kept.
    """

    def __init__(self, memory: KnownPeers, modality: Modality) -> None:
        self._memory = memory
        self._modality = modality
        self._read = memory.read_charsets(modality)

    @property
    def charsets(self) -> tuple[str, ...]:
        """Specific Character Sets of its answers, those of this session first."""
        seen = (*self._memory.noticed(self._modality), *self._memory.found(self._modality).charsets)
        return tuple(dict.fromkeys(term for term in seen if term))

    def reads(self, charset: str) -> bool:
        """Whether it found names in a set that were sent in another one, or the other way round."""
        return charset in self._read

    def read(self, charsets: Iterable[str]) -> None:
        """It found names in these sets that were sent in another one, or the other way round."""
        self._read.update(charsets)

    @property
    def name_charsets(self) -> tuple[str, ...]:
        """Character sets in which it found names that it did not find in UTF-8."""
        return self._memory.found(self._modality).name_charsets

    def support(self, feature: Feature) -> Support:
        """What it does with a feature."""
        return self._memory.found(self._modality).feature(feature)

    def saw(self, charsets: Iterable[str]) -> None:
        """Rows came in these character sets."""
        self._memory.notice(self._modality, charsets)

    def learn(self, feature: Feature, support: Support) -> None:
        """An answer has shown what it does with a feature."""
        found = self._memory.found(self._modality)
        if found.feature(feature) is not support:
            known = {**found.features, feature: support}
            self._memory.learn(self._modality, replace(found, features=known))

    def learn_charset(self, term: str) -> None:
        """A name was found in this character set alone."""
        found = self._memory.found(self._modality)
        if term not in found.name_charsets:
            names = (*found.name_charsets, term)
            self._memory.learn(self._modality, replace(found, name_charsets=names))
