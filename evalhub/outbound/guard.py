"""Which addresses may be asked: the name is resolved here, and every address of it has to be a public one.

Whoever runs evalhub names the private hosts that are fine (EVALHUB_PRIVATE_HOSTS).
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import httpx

from evalhub.errors import Unreached
from evalhub.settings import Settings

HANDED_OUT = frozenset({"168.63.129.16"})
"""public by number, but answered by the cloud that the machine stands in (Azure)"""
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], Iterable[str]]


def addresses_of(host: str, port: int) -> list[str]:
    """Every address of a name, as the system resolves it.

    Raises:
        OSError: the name is unknown.
    """
    return list(dict.fromkeys(str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)))


def is_public(address: Address) -> bool:
    """Whether this address is somebody's on the internet: not private, loopback, link-local, a group, or handed out
    to this machine. IPv4 inside of IPv6 is looked at as what it is."""
    if isinstance(address, ipaddress.IPv6Address) and (inner := _inside(address)) is not None:
        return is_public(inner)
    return address.is_global and not address.is_multicast and str(address) not in HANDED_OUT


def _inside(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    if address in ipaddress.ip_network("64:ff9b::/96"):  # NAT64, RFC 6052
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]


@dataclass(frozen=True)
class Guard:
    """Where calls may go. `private_hosts`: names, addresses and networks that may be private, and be asked by http."""

    private_hosts: tuple[str, ...] = ()
    allow_private: bool = False
    resolve: Resolve = field(default=addresses_of)

    @classmethod
    def of(cls, settings: Settings) -> Guard:
        """The guard of an installation."""
        return cls(settings.private_hosts, settings.allow_private_urls)

    def check_url(self, url: httpx.URL) -> None:
        """Whether this may be asked for at all, by its looks.

        Raises:
            Unreached: it may not.
        """
        if url.scheme not in ("https", "http") or not url.host:
            raise Unreached(f"{url.scheme or 'no'} address: only https is fetched")
        if url.scheme == "http" and not self._is_named(url.host):
            raise Unreached(f"{url.host} is asked by plain http: only https is fetched")

    def look_up(self, host: str, port: int) -> str:
        """The address to connect to.

        Raises:
            Unreached: the name is unknown, or one of its addresses is none that may be asked.
        """
        try:
            found = list(self.resolve(host, port))
        except OSError as error:
            raise Unreached(f"{host} is not known ({error.strerror or error})", again=True) from error
        for text in found:
            address = ipaddress.ip_address(text.partition("%")[0])
            if not (self._is_named(host, address) or is_public(address)):
                raise Unreached(f"{host} lies at a private address ({address}), which is not fetched from")
        if not found:
            raise Unreached(f"{host} has no address", again=True)
        return found[0]

    def _is_named(self, host: str, address: Address | None = None) -> bool:
        if self.allow_private or host.lower() in self.private_hosts:
            return True
        address = address or _as_address(host)
        networks = [network for name in self.private_hosts if (network := _as_network(name))]
        return address is not None and any(address in network for network in networks)


def _as_address(text: str) -> Address | None:
    try:
        return ipaddress.ip_address(text.strip("[]"))
    except ValueError:
        return None


def _as_network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(text)
    except ValueError:
        return None
