"""Random tokens of which only a hash is stored."""

import hashlib
import secrets


def new_token(prefix: str = "") -> str:
    """256 random bits, as text that can be copied."""
    return prefix + secrets.token_urlsafe(32)


def hash_of(token: str) -> bytes:
    """SHA-256: enough for what is random already, and quick."""
    return hashlib.sha256(token.encode()).digest()
