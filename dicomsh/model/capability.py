"""What was found out about a peer, or declared for it; nothing is assumed about the rest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import Enum

from dicomsh.frozen import field, frozen, replace
from dicomsh.model.extended_negotiation import NONE, Extensions
from dicomsh.model.levels import Model


class Support(Enum):
    """What a peer does with something; the value is the wording."""

    WORKS = "works"
    IGNORED = "ignored"
    FINDS_NOTHING = "finds nothing"
    REFUSED = "refused"
    LATE = "matched after the limit, among the first rows alone"
    UNKNOWN = "unknown"


class Feature(Enum):
    """What a peer may do besides matching single keys; the value is the wording."""

    UID_WILDCARD = "wildcard in a UID"
    ASTERISK = "* for any value"
    ANY_CASE = "names in any case"
    ONE_LETTER = "? for a letter beyond ASCII"
    RELATIONAL = "keys of upper levels"
    COUNTS = "numbers of related entities"
    LABELS = "character set named on request alone"
    ANY_CHARSET = "names found whatever set they are stored in"


@frozen
class Capabilities:
    """What is known about a peer.

    Args:
        probed: the day of the probe as `2026-11-25`; empty if it was never probed.
        models: the information models that it accepted.
        extended: what it agreed to when everything was proposed.
        charsets: Specific Character Set of its answers, every value seen; an empty one means
            answers with more than ASCII that name none.
        unmatched: character sets of names that it stores but does not find.
        name_charsets: character sets in which it found names that it did not find in UTF-8.
        matching: what it does with a key that has a value, by keyword.
        returned: whether it returns an attribute that is requested, by keyword.
        rejected: keywords of keys whose presence alone makes it refuse a query.
        hiding: keywords of return keys without whose value it leaves entities out.
        features: what else it does.
        cap: rows after which it cut an answer off, with a status that says so or silently; or None.
    """

    probed: str = ""
    models: frozenset[Model] = frozenset()
    extended: Extensions = NONE
    charsets: tuple[str, ...] = ()
    unmatched: tuple[str, ...] = ()
    name_charsets: tuple[str, ...] = ()
    matching: Mapping[str, Support] = field(default_factory=dict)
    returned: Mapping[str, bool] = field(default_factory=dict)
    rejected: frozenset[str] = frozenset()
    hiding: frozenset[str] = frozenset()
    features: Mapping[Feature, Support] = field(default_factory=dict)
    cap: int | None = None

    def support(self, keyword: str) -> Support:
        """What the peer does with a key that has a value."""
        return self.matching.get(keyword, Support.UNKNOWN)

    def feature(self, feature: Feature) -> Support:
        """What the peer does with a feature."""
        return self.features.get(feature, Support.UNKNOWN)

    @property
    def source(self) -> str:
        """Where the knowledge comes from, for messages: `probe of 2026-11-25`, or configuration."""
        return f"probe of {self.probed}" if self.probed else "configuration"

    @property
    def brief(self) -> str:
        """Deviations, in a few words; empty if nothing is known."""
        told = [
            *(f"{_VERBS[support]} {words}" for support, words in self._troubles()),
            *([f"rejects {', '.join(sorted(self.rejected))}"] if self.rejected else []),
            *([f"leaves out rows without {', '.join(sorted(self.hiding))}"] if self.hiding else []),
            *([f"finds no names in {', '.join(self.unmatched)}"] if self.unmatched else []),
            *(["needs names in " + ", ".join(self.name_charsets)] if self.name_charsets else []),
            *([f"cuts off after {self.cap:,} rows"] if self.cap else []),
        ]
        if not self.probed:
            return "; ".join(told)
        return f"probed {self.probed}: {'; '.join(told) or 'matches what was tried'}"

    def _troubles(self) -> Iterator[tuple[Support, str]]:
        for trouble in _VERBS:
            words = [word for word, support in self.matching.items() if support is trouble]
            if words:
                yield trouble, ", ".join(words)

    def overridden(self, declared: Capabilities) -> Capabilities:
        """These, except that what the configuration declares replaces what was found."""
        return replace(
            self,
            matching={**self.matching, **declared.matching},
            rejected=self.rejected | declared.rejected,
        )


_VERBS = {
    Support.IGNORED: "ignores",
    Support.FINDS_NOTHING: "finds nothing by",
    Support.REFUSED: "refuses to match",
    Support.LATE: "matches after its limit",
}


def declared(ignored: frozenset[str], rejected: frozenset[str]) -> Capabilities:
    """What a configuration declares: keys that the peer ignores, and keys that it rejects."""
    return Capabilities(matching=dict.fromkeys(sorted(ignored), Support.IGNORED), rejected=rejected)


NOTHING_KNOWN = Capabilities()
