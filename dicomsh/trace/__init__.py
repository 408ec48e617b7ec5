"""The conversation with a peer made readable: bytes → PDUs → messages → lines.

fields          every byte of a PDU under its name in the standard
→ conversation  the bytes of one connection as PDUs and messages
→ lines         what a person reads
→ tracing       on and off, to the terminal or to a file
"""
