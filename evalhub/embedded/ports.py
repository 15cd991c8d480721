"""Whether a port can be listened on, and who holds it if not."""

import errno
import socket

import psutil

from evalhub.errors import SetupError


def check_port(host: str, port: int) -> None:
    """Refuse a port that somebody listens on, and say who.

    Raises:
        SetupError: it is taken, or the address is not one of this machine.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise SetupError(f"Port {port} is taken{_by_whom(port)}.", "Use --port, or stop it.") from error
        raise SetupError(f"Cannot listen on {host}:{port}: {error.strerror}.", "Use --host or --port.") from error


def _by_whom(port: int) -> str:
    try:
        connections = psutil.net_connections("tcp")
        holders = [c.pid for c in connections if c.status == psutil.CONN_LISTEN and c.laddr.port == port and c.pid]
        return f" by process {holders[0]} ({psutil.Process(holders[0]).name()})" if holders else ""
    except psutil.Error:
        return ""
