"""A query in words: element by element, with reasons, and as other tools write it; pure."""
