"""Rate limits: on guessing passwords and links. Counted in the process; the hash of a password is slow besides."""

from flask import Flask
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

limiter = Limiter(get_remote_address, storage_uri="memory://", strategy="moving-window")
GUESSING = "20 per minute; 100 per hour"


def init_app(app: Flask) -> None:
    limiter.init_app(app)
