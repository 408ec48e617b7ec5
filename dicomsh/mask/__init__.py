"""Made-up names, IDs and UIDs in place of real ones, the same throughout a session."""
