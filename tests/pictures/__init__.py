"""Pictures of real sessions for the README and the documentation."""
