"""What can be set on an endpoint of each vendor, and what each of them shares as a secret."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError
from pydantic_core import PydanticCustomError

from evalhub.errors import BadInput, Problem
from evalhub.models import VENDORS, Json
from evalhub.traces.formats.native_faults import problems_of

PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
FILLED = ("body", "timestamp", "method", "url", "svix-id")
WINDOW_S = 300
"""how old a signed time may be"""


def _like(pattern: str, expected: str) -> AfterValidator:
    """A text that matches all of `pattern`; `expected` says so in words."""

    def check(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise PydanticCustomError("expected", "{words}", {"words": expected})
        return text

    return AfterValidator(check)


def _filled(text: str) -> str:
    odd = [name for name in PLACEHOLDER.findall(text) if name not in FILLED]
    if odd or "{body}" not in text or len(text) > 200:
        words = "a text with {body}, and maybe {timestamp} {method} {url} {svix-id}"
        raise PydanticCustomError("expected", "{words}", {"words": words})
    return text


Header = Annotated[str, _like(r"[A-Za-z0-9-]{1,64}", "the name of a header")]
Prefix = Annotated[str, _like(r"[!-~]{0,32}", "at most 32 characters without blanks")]
Payload = Annotated[str, AfterValidator(_filled)]
Address = Annotated[
    str,
    _like(r"(https?://[A-Za-z0-9.:\[\]-]+(/[A-Za-z0-9._~/-]*)?)?", "an address such as https://evalhub.example.com"),
]


class EndpointSettings(BaseModel):
    """What can be set for every vendor."""

    model_config = ConfigDict(extra="forbid")


class WebhookSettings(EndpointSettings):
    """What can be set for vendors that send reports."""

    fetch_recordings: bool = False
    """whether workers may fetch the recordings that reports link to"""
    public_url: Address = ""
    """the address of this server as the vendor knows it, where that is not the one its requests arrive with"""


class VapiSettings(WebhookSettings):
    """Vapi leaves the scheme to its user. Names and defaults: its HmacAuthenticationPlan, BearerAuthenticationPlan."""

    scheme: Literal["x-vapi-secret", "bearer", "hmac"] = "x-vapi-secret"
    bearer_header: Header = "Authorization"
    signature_header: Header = "x-signature"
    signature_prefix: Prefix = ""
    timestamp_header: Header = "x-timestamp"
    message_id_header: Header = "svix-id"
    payload_format: Payload = "{timestamp}.{body}"
    algorithm: Literal["sha256", "sha512", "sha1"] = "sha256"
    encoding: Literal["hex", "base64"] = "hex"
    secret_is_base64: bool = False


class RetellSettings(WebhookSettings):
    """Retell signs with the account's API key; there is nothing else to set."""


class TwilioSettings(WebhookSettings):
    """Twilio signs the address too: without `public_url` it is the one that the request came to."""


class LiveKitSettings(EndpointSettings):
    """LiveKit signs tokens with a key pair; there is nothing else to set."""


SETTINGS: dict[str, type[EndpointSettings]] = {
    "vapi": VapiSettings,
    "retell": RetellSettings,
    "twilio": TwilioSettings,
    "livekit": LiveKitSettings,
}
GIVEN_BY_VENDOR = {"retell": "the API key that Retell signs webhooks with", "twilio": "the account's auth token"}
"""secrets that evalhub cannot make up"""


def check_settings(vendor: str, settings: Json) -> Json:
    """What was set, with the defaults filled in.

    Raises:
        BadInput: no such vendor, or something that cannot be set; holds every fault.
    """
    if vendor not in SETTINGS:
        raise BadInput("Unknown vendor.", [Problem("vendor", " | ".join(VENDORS), repr(vendor))])
    try:
        return SETTINGS[vendor].model_validate(settings).model_dump()
    except ValidationError as error:
        raise BadInput("These settings cannot be used.", problems_of(error)) from error


def settings_of(vendor: str, stored: Json) -> EndpointSettings:
    """What is set on an endpoint; a setting that came with an update has its default."""
    kind = SETTINGS[vendor]
    return kind.model_validate({name: value for name, value in stored.items() if name in kind.model_fields})
