"""Rows and statements as text for people and for programs; `sink` is the only writer."""
