"""The built-in practice archive: made-up patients and a real C-FIND SCP on loopback.

Importing `dicomsh.practice.server` loads pynetdicom; nothing else in the package does.
"""
