"""Rows and messages as text for people and for programs; `sink` is the only writer."""
