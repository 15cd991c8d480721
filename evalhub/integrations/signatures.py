"""Whether a request comes from the vendor: its signature, checked on the body as it came, before anything reads it.

Every comparison takes the same time however much is right. Source: docs.vapi.ai/server-url/server-authentication,
docs.retellai.com/features/secure-webhook, twilio.com/docs/usage/webhooks/webhooks-security.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit

from evalhub.integrations.vendors import PLACEHOLDER, WINDOW_S, EndpointSettings, VapiSettings

RETELL = re.compile(r"v=(\d{1,15}),d=([0-9a-f]{64})")
SECONDS_BELOW = 100_000_000_000
"""a larger number is a time in milliseconds"""
PORTS = {"https": 443, "http": 80}
MAX_FIELDS = 500


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """One request as it came. `headers` answer to names in any case; `url` is the one the vendor was given."""

    method: str = "POST"
    url: str
    headers: Mapping[str, str]
    body: bytes
    now: float = field(default_factory=time.time)


def is_signed(delivery: Delivery, vendor: str, secret: str, settings: EndpointSettings) -> bool:
    """Whether this delivery was made by somebody who knows the secret, and not long ago where the vendor says when."""
    return CHECKS[vendor](delivery, secret, settings)


def _vapi(delivery: Delivery, secret: str, settings: VapiSettings) -> bool:
    if settings.scheme == "hmac":
        return _vapi_hmac(delivery, secret, settings)
    if settings.scheme == "bearer":
        given = delivery.headers.get(settings.bearer_header, "")
        return _same(re.sub(r"(?i)^bearer +", "", given), secret)
    return _same(delivery.headers.get("x-vapi-secret", ""), secret)


def _vapi_hmac(delivery: Delivery, secret: str, settings: VapiSettings) -> bool:
    timestamp = delivery.headers.get(settings.timestamp_header, "")
    if "{timestamp}" in settings.payload_format and not _is_recent(timestamp, delivery.now):
        return False
    filled: dict[str, bytes] = {
        "body": delivery.body,
        "timestamp": timestamp.encode(),
        "method": delivery.method.encode(),
        "url": delivery.url.encode(),
        "svix-id": delivery.headers.get(settings.message_id_header, "").encode(),
    }
    parts = PLACEHOLDER.split(settings.payload_format)  # text and names in turn
    signed = b"".join(filled[part] if index % 2 else part.encode() for index, part in enumerate(parts))
    digest = hmac.digest(_key(secret, settings), signed, settings.algorithm)
    wanted = digest.hex() if settings.encoding == "hex" else base64.b64encode(digest).decode()
    given = delivery.headers.get(settings.signature_header, "")[:2000].split(" ")
    return any(_same(one, settings.signature_prefix + wanted) for one in given)


def _key(secret: str, settings: VapiSettings) -> bytes:
    if not settings.secret_is_base64:
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except binascii.Error:
        return secret.encode()


def _retell(delivery: Delivery, secret: str, _: EndpointSettings) -> bool:
    found = RETELL.fullmatch(delivery.headers.get("x-retell-signature", ""))
    if found is None or not _is_recent(found[1], delivery.now):
        return False
    return _same(found[2], hmac.digest(secret.encode(), delivery.body + found[1].encode(), "sha256").hex())


def _twilio(delivery: Delivery, secret: str, _: EndpointSettings) -> bool:
    """The address and every field, in order of their names; what is said twice counts once."""
    try:
        text = delivery.body.decode()
        fields = sorted(set(parse_qsl(text, keep_blank_values=True, max_num_fields=MAX_FIELDS, errors="strict")))
    except ValueError:
        return False
    said = "".join(name + value for name, value in fields)
    given = delivery.headers.get("x-twilio-signature", "")
    wanted = (hmac.digest(secret.encode(), (url + said).encode(), "sha1") for url in _spellings(delivery.url))
    return any(_same(given, base64.b64encode(digest).decode()) for digest in wanted)


def _spellings(url: str) -> Iterator[str]:
    """The address with its port and without: Twilio leaves some ports out."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    port = parts.port or PORTS.get(parts.scheme)
    yield from dict.fromkeys(
        (url, parts._replace(netloc=host).geturl(), parts._replace(netloc=f"{host}:{port}").geturl())
    )


def _is_recent(text: str, now: float) -> bool:
    """A time in seconds or milliseconds since 1970, not further away than the window."""
    if not (text.isascii() and text.isdecimal() and len(text) <= 15):
        return False
    moment = int(text) if int(text) < SECONDS_BELOW else int(text) / 1000
    return abs(now - moment) <= WINDOW_S


def _same(given: str, wanted: str) -> bool:
    return bool(wanted) and hmac.compare_digest(given.encode(), wanted.encode())


CHECKS: dict[str, Callable[..., bool]] = {"vapi": _vapi, "retell": _retell, "twilio": _twilio}
