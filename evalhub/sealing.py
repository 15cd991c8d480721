"""Secrets that must be read again, sealed for the database with a key made from the installation's own secret.

A copy of the database alone opens nothing. Fernet (AES-128-CBC and HMAC-SHA256) with a key by HKDF-SHA256 (RFC 5869),
so that the secret that signs sessions is never itself the key of anything here. `cryptography` is imported where it is
used: most processes seal nothing, and it takes 8 MB of each.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from functools import cache
from typing import TYPE_CHECKING

from evalhub.errors import SetupError

if TYPE_CHECKING:
    from cryptography.fernet import Fernet

PURPOSE = b"evalhub: secrets at rest, version 1"


def seal(secret_key: str | None, text: str) -> bytes:
    """These words as only this installation can read them.

    Raises:
        SetupError: the installation has no secret of its own.
    """
    return _box(secret_key).encrypt(text.encode())


def unseal(secret_key: str | None, sealed: bytes) -> str:
    """The words that were sealed.

    Raises:
        SetupError: they were sealed with another secret, or the installation has none.
    """
    from cryptography.fernet import InvalidToken

    try:
        return _box(secret_key).decrypt(sealed).decode()
    except InvalidToken as error:
        mend = "Set it back to what it was, or give the endpoint a new secret in Settings, Integrations."
        raise SetupError("A stored secret was sealed with another EVALHUB_SECRET_KEY.", mend) from error


def _box(secret_key: str | None) -> Fernet:
    if not secret_key:
        raise SetupError("EVALHUB_SECRET_KEY is not set.", "Set it to what the web server uses, or run `evalhub up`.")
    return _fernet(secret_key)


@cache
def _fernet(secret_key: str) -> Fernet:
    from cryptography.fernet import Fernet
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=PURPOSE).derive(secret_key.encode())
    return Fernet(urlsafe_b64encode(derived))
