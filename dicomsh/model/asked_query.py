"""What a command asks a peer, before it is turned into queries."""

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
        limit: maximum number of rows, or None.
        model: the information model, or None to choose by query.
        extended: what to propose by extended negotiation, in addition to the modality's
            configuration.
        split: windows to split it into, or None for a single query.
        queries: the largest number of queries that splitting may add, or None for the usual one.
    """

    limit: int | None = None
    model: Model | None = None
    extended: Extensions = NONE
    split: Period | None = None
    queries: int | None = None


@frozen
class AskedQuery:
    """A request, its peer, and its options.

    Args:
        modality: the peer.
        request: the request.
        options: the options, as typed with the command.
    """

    modality: Modality
    request: Request
    options: QueryOptions = QueryOptions()
