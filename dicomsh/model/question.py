"""What a command asks of a peer, before it becomes queries."""

from __future__ import annotations

from dataclasses import dataclass

from dicomsh.model.levels import Model
from dicomsh.model.peer import Modality
from dicomsh.model.plan import Request


@dataclass(frozen=True, slots=True)
class Wish:
    """How the user wants a query asked: a row limit and an information model, or None."""

    limit: int | None = None
    model: Model | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, of whom, and how.

    Args:
        modality: the peer.
        request: what is asked.
        wish: the limit and the model, as typed with the command.
    """

    modality: Modality
    request: Request
    wish: Wish = Wish()
