"""Downloads from real servers: what arrives, what is refused before a byte goes out, what is capped."""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from evalhub.errors import Unreached
from evalhub.outbound import Guard, download
from tests.pure.outbound.servers import certificate_for, sends, server

NAME = "recordings.example"
HERE = Guard(("127.0.0.1",))


def fetched(guard: Guard, url: str, *, limit: int = 1 << 20, **more: object) -> bytes:
    with download(guard, url, limit=limit, **more) as blocks:  # type: ignore[arg-type]
        return b"".join(blocks)


def test_a_private_server_is_never_even_connected_to() -> None:
    with server(sends(b"secret")) as (port, asked):
        for host in ("127.0.0.1", "localhost"):
            with pytest.raises(Unreached, match="lies at a private address"):
                fetched(Guard(), f"https://{host}:{port}/")
    assert asked == []


def test_a_named_private_server_is_fetched_from() -> None:
    with server(sends(b"sound")) as (port, asked):
        assert fetched(HERE, f"http://127.0.0.1:{port}/call.wav") == b"sound"
    assert [request.path for request in asked] == ["/call.wav"]


def test_a_redirect_to_a_private_address_is_refused() -> None:
    with server(sends(b"secret")) as (inner, asked):
        guard = Guard((NAME,), resolve=lambda *_: ["127.0.0.1"])
        leads_on = sends(b"", 302, Location=f"https://127.0.0.1:{inner}/")
        with server(leads_on) as (port, _), pytest.raises(Unreached, match="lies at a private address"):
            fetched(guard, f"http://{NAME}:{port}/")
    assert asked == []


def test_a_redirect_to_another_scheme_is_refused() -> None:
    leads_on = sends(b"", 302, Location="file:///etc/passwd")
    with server(leads_on) as (port, _), pytest.raises(Unreached, match="only https"):
        fetched(HERE, f"http://127.0.0.1:{port}/")


def test_redirects_end() -> None:
    leads_on = sends(b"", 302, Location="/again")
    with server(leads_on) as (port, asked), pytest.raises(Unreached, match="leads on more than 5 times"):
        fetched(HERE, f"http://127.0.0.1:{port}/")
    assert len(asked) == 6


def test_a_name_that_changes_its_mind_leads_to_what_was_looked_at() -> None:
    answers = [["127.0.0.1"], ["127.0.0.99"]]
    with server(sends(b"sound")) as (port, _):
        guard = Guard((NAME,), resolve=lambda *_: answers.pop(0))
        assert fetched(guard, f"http://{NAME}:{port}/") == b"sound"
    assert answers == [["127.0.0.99"]]


def test_https_asks_for_the_name_and_checks_its_certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate = certificate_for(NAME, tmp_path)
    guard = Guard((NAME, "other.example"), resolve=lambda *_: ["127.0.0.1"])
    with server(sends(b"sound"), certificate) as (port, asked):
        with pytest.raises(Unreached, match="CERTIFICATE_VERIFY_FAILED"):
            fetched(guard, f"https://{NAME}:{port}/")
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert fetched(guard, f"https://{NAME}:{port}/") == b"sound"
        with pytest.raises(Unreached, match="CERTIFICATE_VERIFY_FAILED"):
            fetched(guard, f"https://other.example:{port}/")
    assert [request.headers["Host"] for request in asked] == [f"{NAME}:{port}"]


def test_credentials_do_not_follow_to_another_server() -> None:
    with server(sends(b"sound")) as (store, asked_store):
        leads_on = sends(b"", 302, Location=f"http://127.0.0.1:{store}/signed")
        with server(leads_on) as (port, asked):
            assert fetched(HERE, f"http://127.0.0.1:{port}/", auth=("AC1", "token")) == b"sound"
    assert asked[0].headers["Authorization"].startswith("Basic ")
    assert asked_store[0].headers["Authorization"] is None


def test_more_than_the_limit_is_not_read() -> None:
    with server(sends(b"x" * 2000)) as (port, _):
        assert len(fetched(HERE, f"http://127.0.0.1:{port}/", limit=2000)) == 2000
        with pytest.raises(Unreached, match="larger than 1,999 bytes") as refused:
            fetched(HERE, f"http://127.0.0.1:{port}/", limit=1999)
    assert not refused.value.again


def drips(request: BaseHTTPRequestHandler) -> None:
    request.send_response(200)
    request.end_headers()
    try:
        while True:
            request.wfile.write(b"x")
    except OSError:
        return


def test_a_server_that_never_ends_is_left() -> None:
    with server(drips) as (port, _), pytest.raises(Unreached, match="took too long") as refused:
        fetched(HERE, f"http://127.0.0.1:{port}/", limit=1 << 40, seconds=0.3)
    assert refused.value.again


@pytest.mark.parametrize(("status", "again"), [(403, False), (410, False), (404, True), (429, True), (503, True)])
def test_what_a_server_answers_says_whether_to_try_again(status: int, again: bool) -> None:
    with server(sends(b"", status)) as (port, _), pytest.raises(Unreached, match=f"answered {status}") as refused:
        fetched(HERE, f"http://127.0.0.1:{port}/")
    assert refused.value.again is again


def test_nobody_at_the_other_end_may_pass() -> None:
    with server(sends(b"")) as (port, _):
        pass
    with pytest.raises(Unreached, match="connection failed") as refused:
        fetched(HERE, f"http://127.0.0.1:{port}/")
    assert refused.value.again


@pytest.mark.parametrize("url", ["", "no address", "https://", "https://[::1", "https://x:99999/", "http://\x00"])
def test_what_is_no_address_is_said(url: str) -> None:
    with pytest.raises(Unreached) as refused:
        fetched(HERE, url)
    assert str(refused.value)
