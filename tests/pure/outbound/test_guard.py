"""Which addresses may be asked: public ones by https, private ones where whoever runs evalhub said so."""

from ipaddress import ip_address

import httpx
import pytest

from evalhub.errors import Unreached
from evalhub.outbound import Guard, is_public
from evalhub.settings import Settings

PRIVATE = [
    "127.0.0.1", "127.8.8.8", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
    "100.100.100.200", "0.0.0.1", "255.255.255.255", "224.0.0.1", "239.1.1.1", "198.18.0.1", "168.63.129.16",
    "::1", "::", "fe80::1", "fc00::1", "fd00:ec2::254", "ff02::1", "::ffff:127.0.0.1", "::ffff:169.254.169.254",
    "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "2001:db8::1",
]  # fmt: skip
PUBLIC = ["8.8.8.8", "93.184.215.14", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]


@pytest.mark.parametrize("address", PRIVATE)
def test_what_is_not_on_the_internet_is_refused(address: str) -> None:
    assert not is_public(ip_address(address))
    with pytest.raises(Unreached, match="lies at a private address") as refused:
        Guard(resolve=lambda *_: [address]).look_up("recordings.example", 443)
    assert not refused.value.again


@pytest.mark.parametrize("address", PUBLIC)
def test_what_is_on_the_internet_may_be_asked(address: str) -> None:
    assert Guard(resolve=lambda *_: [address]).look_up("recordings.example", 443) == address


def test_one_private_address_among_public_ones_is_enough_to_refuse() -> None:
    with pytest.raises(Unreached, match=r"\(127\.0\.0\.1\)"):
        Guard(resolve=lambda *_: ["8.8.8.8", "127.0.0.1"]).look_up("recordings.example", 443)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0x7f000001", "2130706433", "127.1", "::1"])
def test_no_spelling_of_this_machine_gets_through(host: str) -> None:
    with pytest.raises(Unreached):
        Guard().look_up(host, 443)


@pytest.mark.parametrize("address", ["http://8.8.8.8/x", "ftp://8.8.8.8/x", "file:///etc/passwd", "//x", "gopher://x/"])
def test_only_https_is_fetched(address: str) -> None:
    with pytest.raises(Unreached, match="only https is fetched"):
        Guard().check_url(httpx.URL(address))


@pytest.mark.parametrize(
    ("named", "host", "address"),
    [
        ("minio.internal", "MINIO.internal", "10.0.0.5"),
        ("10.0.0.0/8", "minio.internal", "10.0.0.5"),
        ("10.0.0.5", "10.0.0.5", "10.0.0.5"),
        ("fd00::/8", "minio.internal", "fd00::5"),
    ],
)
def test_private_hosts_that_are_named_may_be_asked(named: str, host: str, address: str) -> None:
    guard = Guard.of(Settings.from_env({"EVALHUB_PRIVATE_HOSTS": f"other.internal, {named}"}))
    guard = Guard(guard.private_hosts, resolve=lambda *_: [address])
    assert guard.look_up(host, 80) == address
    with pytest.raises(Unreached):
        Guard(guard.private_hosts, resolve=lambda *_: ["192.168.0.1"]).look_up("elsewhere.internal", 80)


def test_plain_http_is_for_named_hosts() -> None:
    guard = Guard(("minio.internal", "10.0.0.0/8"))
    guard.check_url(httpx.URL("http://minio.internal:9000/a"))
    guard.check_url(httpx.URL("http://10.0.0.5/a"))
    with pytest.raises(Unreached):
        guard.check_url(httpx.URL("http://elsewhere.internal/a"))


def test_an_unknown_name_may_be_known_later() -> None:
    with pytest.raises(Unreached, match="is not known") as refused:
        Guard().look_up("recordings.invalid", 443)
    assert refused.value.again
