"""Who sent it: signatures that the vendors' own code made, and everything that is nearly one."""

import base64
import hmac
import json
from typing import Any
from urllib.parse import quote_plus

import pytest

from evalhub.integrations.signatures import Delivery, is_signed
from evalhub.integrations.vendors import RetellSettings, TwilioSettings, VapiSettings
from tests.pure.traces.samples import REQUEST, SAMPLES

NOW = 1_795_419_300.0
BODY = b'{"message": {"type": "end-of-call-report"}}'
Headers = dict[str, str]


def delivery(headers: Headers, body: bytes = BODY, **more: Any) -> Delivery:
    lower = {name.lower(): value for name, value in headers.items()}
    return Delivery(url="https://hub.example.com/hook", headers=AnyCase(lower), body=body, **({"now": NOW} | more))


class AnyCase(dict[str, str]):
    """Headers, as a web server has them."""

    def get(self, name: str, default: Any = None) -> Any:
        return super().get(name.lower(), default)


def recorded(case: str) -> tuple[dict[str, Any], bytes]:
    """A request that a vendor's own package signed: how it came, and its body."""
    request = json.loads((SAMPLES / case / REQUEST).read_text())
    return request, (SAMPLES / case / request["body_file"]).read_bytes()


@pytest.mark.parametrize("case", ["retell/call-ended", "retell/call-analyzed"])
def test_retells_own_signature_holds_for_five_minutes(case: str) -> None:
    request, body = recorded(case)
    moment = int(request["headers"]["X-Retell-Signature"][2:15]) / 1000

    def holds(body: bytes, secret: str, now: float) -> bool:
        made = delivery(request["headers"], body, now=now)
        return is_signed(made, "retell", secret, RetellSettings())

    assert holds(body, request["signing_key"], moment + 299)
    assert holds(body, request["signing_key"], moment - 299)
    assert not holds(body, request["signing_key"], moment + 301)
    assert not holds(body, request["signing_key"], moment - 301)
    assert not holds(body, "key_other", moment)
    assert not holds(body + b" ", request["signing_key"], moment)


@pytest.mark.parametrize(
    "text", ["", "v=1,d=", "d=00", "v=1795419300000,d=" + "0" * 63, "v=²,d=" + "0" * 64, "x" * 5000]
)
def test_what_only_looks_like_a_signature_is_none(text: str) -> None:
    assert not is_signed(delivery({"X-Retell-Signature": text}), "retell", "key", RetellSettings())


@pytest.mark.parametrize("case", ["twilio/call-status", "twilio/recording-status"])
def test_twilios_own_signature_is_of_address_and_fields(case: str) -> None:
    request, body = recorded(case)

    def holds(body: bytes = body, secret: str = request["auth_token"], url: str = request["url"]) -> bool:
        made = Delivery(
            url=url, headers=AnyCase({"x-twilio-signature": request["headers"]["X-Twilio-Signature"]}), body=body
        )
        return is_signed(made, "twilio", secret, TwilioSettings())

    assert holds()
    assert holds(b"&".join(reversed(body.split(b"&"))))
    assert holds(url=request["url"].replace(".invalid/", ".invalid:443/"))
    assert not holds(url=request["url"] + "?x=1")
    assert not holds(url=request["url"].replace("https", "http"))
    assert not holds(body.replace(b"completed", b"busy"))
    assert not holds(body + b"&Extra=1")
    assert not holds(secret="other_token")
    assert not holds(b"\xff\xfe")


def test_a_field_without_a_value_is_signed_too() -> None:
    said = "https://hub.example.com/hook" + "CallSid" + "CA1" + "CallerName"
    signature = base64.b64encode(hmac.digest(b"token", said.encode(), "sha1")).decode()
    made = delivery({"X-Twilio-Signature": signature}, b"CallerName=&CallSid=CA1")
    assert is_signed(made, "twilio", "token", TwilioSettings())


def test_vapis_secret_header() -> None:
    settings = VapiSettings()
    assert is_signed(delivery({"X-Vapi-Secret": "s3cret"}), "vapi", "s3cret", settings)
    for headers in ({}, {"X-Vapi-Secret": ""}, {"X-Vapi-Secret": "s3cre"}, {"Authorization": "Bearer s3cret"}):
        assert not is_signed(delivery(headers), "vapi", "s3cret", settings)


@pytest.mark.parametrize("value", ["Bearer s3cret", "bearer s3cret", "s3cret"])
def test_vapis_bearer_token_in_whatever_header(value: str) -> None:
    assert is_signed(delivery({"Authorization": value}), "vapi", "s3cret", VapiSettings(scheme="bearer"))
    own = VapiSettings(scheme="bearer", bearer_header="X-My-Token")
    assert is_signed(delivery({"x-my-token": value}), "vapi", "s3cret", own)
    assert not is_signed(delivery({"Authorization": value}), "vapi", "s3cret", own)


def signed(settings: VapiSettings, said: bytes, key: bytes = b"s3cret") -> str:
    digest = hmac.digest(key, said, settings.algorithm)
    return settings.signature_prefix + (
        digest.hex() if settings.encoding == "hex" else base64.b64encode(digest).decode()
    )


def test_vapis_hmac_has_a_time_window() -> None:
    settings = VapiSettings(scheme="hmac")
    for stamp, holds in ((NOW, True), (NOW - 299, True), (NOW - 301, False), (NOW + 301, False), (NOW * 1000, True)):
        text = str(int(stamp))
        headers = {"X-Timestamp": text, "X-Signature": signed(settings, text.encode() + b"." + BODY)}
        assert is_signed(delivery(headers), "vapi", "s3cret", settings) is holds


def test_vapis_hmac_without_a_time_is_taken_where_it_is_set_so() -> None:
    settings = VapiSettings(
        scheme="hmac", payload_format="{body}", signature_prefix="sha256=", signature_header="x-hub"
    )
    made = delivery({"X-Hub": signed(settings, BODY)})
    assert is_signed(made, "vapi", "s3cret", settings)
    assert not is_signed(
        delivery({"X-Hub": signed(settings, BODY).removeprefix("sha256=")}), "vapi", "s3cret", settings
    )
    assert not is_signed(delivery({"X-Hub": signed(settings, BODY)}, BODY + b" "), "vapi", "s3cret", settings)


def test_vapis_hmac_in_the_style_of_svix() -> None:
    settings = VapiSettings(
        scheme="hmac", payload_format="{svix-id}.{timestamp}.{body}", signature_prefix="v1,", encoding="base64",
        secret_is_base64=True, signature_header="svix-signature", timestamp_header="svix-timestamp",
    )  # fmt: skip
    secret, stamp = base64.b64encode(b"raw key").decode(), str(int(NOW))
    right = signed(settings, b"msg_1." + stamp.encode() + b"." + BODY, b"raw key")
    headers = {"svix-id": "msg_1", "svix-timestamp": stamp, "svix-signature": f"v1,AAAA {right}"}
    assert is_signed(delivery(headers), "vapi", f"whsec_{secret}", settings)
    assert not is_signed(delivery(headers | {"svix-id": "msg_2"}), "vapi", f"whsec_{secret}", settings)


def test_words_beyond_ascii_are_no_signature_and_no_crash() -> None:
    for vendor, name, settings in (
        ("vapi", "x-vapi-secret", VapiSettings()),
        ("retell", "x-retell-signature", RetellSettings()),
        ("twilio", "x-twilio-signature", TwilioSettings()),
    ):
        assert not is_signed(delivery({name: "ü" + quote_plus("ü")}), vendor, "s3cret", settings)
