"""What a command asks of a peer, before it becomes queries."""

from __future__ import annotations

from dicomsh.frozen import frozen
from dicomsh.model.extended_negotiation import NONE, Extensions
from dicomsh.model.levels import Model
from dicomsh.model.modality import Modality
from dicomsh.model.plan import Request
from dicomsh.model.windows import Period


@frozen
class QueryOptions:
    """How the user wants a query asked.

    Args:
        limit: largest number of rows, or None.
        model: the information model, or None to choose by query.
        extended: what to propose by extended negotiation beside what the modality's configuration
            names.
        split: windows to ask in, or None to ask as a whole.
    """

    limit: int | None = None
    model: Model | None = None
    extended: Extensions = NONE
    split: Period | None = None


@frozen
class AskedQuery:
    """What is asked, of whom, and how.

    Args:
        modality: the peer.
        request: what is asked.
        options: the limit and the model, as typed with the command.
    """

    modality: Modality
    request: Request
    options: QueryOptions = QueryOptions()
