"""What an archive offers."""

from __future__ import annotations

from collections.abc import Mapping

from dicomsh.frozen import field, frozen
from dicomsh.model.extended_negotiation import NONE, Extensions
from dicomsh.model.levels import Model


@frozen
class Abilities:
    """What an archive offers.

    Args:
        sop_classes: UIDs of the SOP classes that it accepts (PS3.4 annexes A, C, K).
        extended: what was agreed by extended negotiation, by SOP class UID (PS3.4 C.5.1.1).
    """

    sop_classes: frozenset[str] = frozenset()
    extended: Mapping[str, Extensions] = field(default_factory=dict)

    def agreed(self, model: Model) -> Extensions:
        """What was agreed by extended negotiation for an information model."""
        return self.extended.get(model.value, NONE)
