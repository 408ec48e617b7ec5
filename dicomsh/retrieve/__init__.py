"""Fetching objects, and proving file by file that all of them came."""
