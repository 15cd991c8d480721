"""Calls to addresses that somebody else chose: the one way out, through a guard."""

from evalhub.outbound.client import download, guarded_client
from evalhub.outbound.guard import Guard, is_public

__all__ = ["Guard", "download", "guarded_client", "is_public"]
