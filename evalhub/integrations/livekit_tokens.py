"""LiveKit's access tokens: JWTs by HS256, signed with the secret of the key pair that their `iss` names.

Source: `AccessToken` and `TokenVerifier` of livekit-api 1.2.2: exp is required, clocks may differ by a minute.
"""

from __future__ import annotations

from typing import Any

import jwt
from sqlalchemy.orm import Session

from evalhub.integrations.endpoints import MAX_SECRET, find_livekit, secret_of
from evalhub.models import IntegrationEndpoint

LEEWAY_S = 60
UNSIGNED = "This token is not signed with a LiveKit key pair that is stored here (Settings, Integrations)."
REASONS: dict[type[jwt.InvalidTokenError], str] = {
    jwt.ExpiredSignatureError: "This token has expired. If it is new, the clocks differ by more than a minute.",
    jwt.ImmatureSignatureError: "This token is not valid yet: the clocks differ by more than a minute.",
    jwt.MissingRequiredClaimError: "This token lacks iss or exp.",
}


class Refused(ValueError):
    """A token that opens nothing here, with the reason."""


def endpoint_of_token(session: Session, token: str, secret_key: str | None) -> IntegrationEndpoint:
    """The endpoint whose key pair signed this token. `secret_key` is the installation's own.

    Raises:
        Refused: no key pair here signed it, its time is over or has not come, or it may not write observability data.
    """
    endpoint = find_livekit(session, _issuer(token))
    if endpoint is None:
        raise Refused(UNSIGNED)
    claims = _verified(token, secret_of(endpoint, secret_key))
    grants = claims.get("observability")
    if not isinstance(grants, dict) or grants.get("write") is not True:
        raise Refused("This token lacks the grant to write observability data.")
    return endpoint


def _issuer(token: str) -> str:
    """Whose token it says it is, before anything of it is believed."""
    try:
        issuer = jwt.decode(token, options={"verify_signature": False}).get("iss")
    except jwt.InvalidTokenError as error:
        raise Refused(UNSIGNED) from error
    if not isinstance(issuer, str) or len(issuer) > MAX_SECRET or not issuer.isprintable():
        raise Refused(UNSIGNED)
    return issuer


def _verified(token: str, secret: str) -> dict[str, Any]:
    try:
        return jwt.decode(token, secret, algorithms=["HS256"], leeway=LEEWAY_S, options={"require": ["exp", "iss"]})
    except jwt.InvalidTokenError as error:
        raise Refused(REASONS.get(type(error), UNSIGNED)) from error
