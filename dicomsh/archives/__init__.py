"""Archives that can be asked: what they have in common, and one module for each kind."""
