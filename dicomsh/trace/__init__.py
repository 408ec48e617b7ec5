"""A readable form of the conversation with a peer: bytes → PDUs → messages → lines.

fields          every byte of a PDU with its name in the standard → conversation  the bytes of one
connection as PDUs and messages → lines         the lines that people read → tracing       on and
off, to the terminal or to a file
"""
