"""Finding out what a peer can do."""
