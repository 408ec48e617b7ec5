"""The DIMSE service class user: C-ECHO and C-FIND on asyncio (PS3.4, PS3.7, PS3.8).

    elements · command · pdu · negotiation      bytes, no I/O
    → upper_layer · connect · association       the connection under one association
    → exchange · identifier · status
    → find · echo                               one operation each
    → client

PDUs of association, release and abort, presentation contexts and status tables are pynetdicom's;
the event loop, P-DATA, command sets and rows are here. Importing a name from this package loads
pynetdicom, so callers import late.
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
