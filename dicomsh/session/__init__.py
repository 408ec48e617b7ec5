"""What a session remembers; no input or output of its own."""
