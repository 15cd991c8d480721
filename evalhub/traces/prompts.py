"""Prompt versions, named by the hash of their content."""

from __future__ import annotations

from typing import Any

from evalhub.evaluators import digest
from evalhub.models import PromptVersion

CONTENT = ("name", "version", "instructions", "voice_style", "stages", "tools")


def prompt_version(**content: Any) -> PromptVersion:
    """The prompt version with this content (names in CONTENT); what is not given is not known."""
    whole: dict[str, Any] = {name: content.get(name) for name in CONTENT}
    return PromptVersion(id=digest(whole), **whole)
