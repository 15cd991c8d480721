"""Sending conversations and their sound to a server over HTTP, as any client would."""

from evalhub.sending.server import Server
from evalhub.sending.uploads import Sent, name_channels, send, size_of

__all__ = ["Sent", "Server", "name_channels", "send", "size_of"]
