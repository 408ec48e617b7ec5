"""A query explained element by element, with reasons, and as other tools write it; pure."""
