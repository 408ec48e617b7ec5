"""A C-FIND that matches nothing, to see whether an archive answers queries at all."""

from __future__ import annotations

import secrets

from dicomsh.model.answer import all_rows
from dicomsh.model.asked_query import QueryOptions
from dicomsh.model.keys import by_keyword
from dicomsh.model.levels import Level
from dicomsh.model.modality import Modality
from dicomsh.model.place import Place
from dicomsh.model.plan import Request
from dicomsh.model.query import KeyOrigin, Matching, QueryKey
from dicomsh.query.ask import answer_from
from dicomsh.query.context import QueryContext


async def harmless_find(context: QueryContext, modality: Modality) -> float:
    """Seconds that a study query takes that matches nothing, because its UID is new.

    Raises:
        DicomshError: the archive cannot be asked, or refuses.
    """
    uid = f"2.25.{secrets.randbits(128)}"  # as derived from a UUID (PS3.5 B.2)
    attribute = by_keyword("StudyInstanceUID")
    key = QueryKey((attribute,), uid, Matching.SINGLE_VALUE, KeyOrigin.TYPED)
    archive = await context.archives.open(context.known(modality))
    request = Request(Level.STUDY, Place(), (key,))
    answer = await answer_from(
        archive, modality, request, QueryOptions(limit=1, model=modality.model)
    )
    await all_rows(answer)
    return answer.outcome.seconds
