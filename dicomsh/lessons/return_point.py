"""Where the learner was before the course, and the way back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from dicomsh.model.modality import Modality
from dicomsh.model.place import Place, quote_segment


@dataclass(frozen=True, slots=True)
class ReturnPoint:
    """A modality, or none, and a place in it."""

    modality: Modality | None
    place: Place

    def way_back(self, shown: Callable[[Place], Place]) -> str:
        """How to get there; `shown` turns a place into what may be shown."""
        if self.modality is None:
            return "'lesson stop' leaves the practice archive"
        path = shown(self.place).path.rstrip("/")
        return f"'lesson stop' goes back to /{quote_segment(self.modality.name)}{path}"
