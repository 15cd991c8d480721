"""Secrets at rest: what one installation seals, no other reads."""

import pytest

from evalhub.errors import SetupError
from evalhub.sealing import seal, unseal

OURS = "the secret of this installation, made at the first start"


def test_what_was_sealed_is_read_again() -> None:
    assert unseal(OURS, seal(OURS, "key_1234")) == "key_1234"


def test_what_is_stored_shows_nothing_and_never_looks_the_same() -> None:
    one, other = seal(OURS, "key_1234"), seal(OURS, "key_1234")
    assert b"key_1234" not in one
    assert one != other


def test_another_secret_of_the_installation_is_told_apart_from_damage_with_the_mend() -> None:
    with pytest.raises(SetupError, match="another EVALHUB_SECRET_KEY") as refused:
        unseal("a new secret", seal(OURS, "key_1234"))
    assert "Settings, Integrations" in refused.value.mend


def test_without_a_secret_nothing_is_sealed() -> None:
    with pytest.raises(SetupError, match="EVALHUB_SECRET_KEY is not set"):
        seal(None, "key_1234")
