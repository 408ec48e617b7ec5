"""Worklists of real servers, asked by dicomsh and by other clients."""
