"""The language: words with spans, argument kinds, typed commands, and one analysis of a line."""
