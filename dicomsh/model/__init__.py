"""The Query/Retrieve information model (PS3.4 annex C): pure functions and frozen data, no I/O."""
