"""The DIMSE service class user: C-ECHO and C-FIND on asyncio (PS3.4, PS3.7, PS3.8).

    elements · command · pdu · associate        bytes, no I/O
    → negotiation                               what is proposed and what is agreed to
    → upper_layer · connect · association       the connection that carries an association
    → exchange · identifier · status
    → find · echo                               one operation each
    → client

It uses neither pydicom nor pynetdicom, because importing them takes longer than a query
(docs/performance.md). Importing a name from this package loads asyncio, so callers import late.
"""

from dicomsh.dimse.client import Client
from dicomsh.dimse.elements import ENCODINGS, ExplicitLittleEndian, ImplicitLittleEndian
from dicomsh.dimse.identifier import encode_identifier

__all__ = [
    "ENCODINGS",
    "Client",
    "ExplicitLittleEndian",
    "ImplicitLittleEndian",
    "encode_identifier",
]
