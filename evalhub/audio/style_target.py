"""What a prompt's voice style asks of the voice: words such as "calm" or "upbeat" as bands on three scales.

Each scale runs from 0 to 1 (evalhub/audio/tone.py). A word said of a scale itself ("energy": "high") counts before
what demeanor and tone imply; of several bands the overlap counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Band = tuple[float, float]

LOW, MEDIUM, HIGH = (0.0, 0.5), (0.2, 0.8), (0.4, 1.0)
SLOW, MEASURED, BRISK = (0.0, 0.5), (0.15, 0.75), (0.45, 1.0)
LEVELS: dict[str, Band] = {
    **dict.fromkeys(("low", "subdued", "quiet", "flat", "neutral", "minimal", "restrained"), LOW),
    **dict.fromkeys(("medium", "moderate", "balanced", "normal", "natural"), MEDIUM),
    **dict.fromkeys(("high", "lively", "animated", "expressive", "energetic", "dynamic", "vivid"), HIGH),
}
PACES: dict[str, Band] = {
    **dict.fromkeys(("slow", "unhurried", "relaxed", "low"), SLOW),
    **dict.fromkeys(("measured", "moderate", "medium", "steady", "natural", "normal", "deliberate"), MEASURED),
    **dict.fromkeys(("brisk", "fast", "quick", "rapid", "snappy", "high"), BRISK),
}
CALM = {"energy": (0.0, 0.6), "expressiveness": (0.0, 0.8)}
BRIGHT = {"energy": (0.35, 1.0), "expressiveness": HIGH}
EVEN = {"expressiveness": (0.0, 0.8)}
ALIVE = {"expressiveness": (0.2, 1.0)}
DEMEANORS: dict[str, dict[str, Band]] = {
    **dict.fromkeys(("calm", "soothing", "gentle", "composed", "serene", "relaxed", "subdued"), CALM),
    **dict.fromkeys(("upbeat", "energetic", "enthusiastic", "cheerful", "excited", "lively", "bubbly"), BRIGHT),
    **dict.fromkeys(("playful", "animated", "joyful", "vibrant", "dynamic"), BRIGHT),
    **dict.fromkeys(("professional", "formal", "neutral", "serious", "businesslike", "factual"), EVEN),
    **dict.fromkeys(("warm", "friendly", "empathetic", "caring", "welcoming", "expressive"), ALIVE),
}
ASKED_OF = {"energy": "energy", "expressiveness": "expressiveness", "pacing": "pace", "pace": "pace"}
ENERGETIC = (0.3, 1.0)
"""expressiveness without which nothing sounds energetic"""
NEGATION = re.compile(r"\b(?:not|never|no|without|too|overly)\s+(?:too |overly |very )?\w+")


@dataclass(frozen=True)
class Target:
    """The band a scale should lie in, and the words that ask for it."""

    low: float
    high: float
    words: tuple[str, ...]

    def holds(self, position: float) -> bool:
        return self.low <= position <= self.high


def style_targets(voice_style: dict[str, Any] | None) -> dict[str, Target]:
    """Targets by scale (energy, pace, expressiveness); scales that no known word speaks of are left out."""
    style = {str(key).lower(): words_of(value) for key, value in (voice_style or {}).items()}
    targets = _implied([word for key, words in style.items() if key not in ("pacing", "pace") for word in words])
    for key, words in style.items():
        if key in ASKED_OF and (target := _asked(words, ASKED_OF[key])):
            targets[ASKED_OF[key]] = target
    energy = targets.get("energy")
    if energy and energy.low > 0 and "expressiveness" not in targets:
        targets["expressiveness"] = Target(*ENERGETIC, energy.words)
    return targets


def words_of(value: Any) -> list[str]:
    """The words of a description that mean what they say: "not too fast" is left out."""
    text = " ".join(map(str, value)) if isinstance(value, list) else str(value)
    return re.findall(r"[a-z]+", NEGATION.sub(" ", text.lower()))


def _asked(words: list[str], scale: str) -> Target | None:
    known = PACES if scale == "pace" else LEVELS
    return _combined([(word, known[word]) for word in words if word in known])


def _implied(words: list[str]) -> dict[str, Target]:
    bands: dict[str, list[tuple[str, Band]]] = {}
    for word, scale, band in _meanings(words):
        bands.setdefault(scale, []).append((word, band))
    return {scale: target for scale, found in bands.items() if (target := _combined(found))}


def _meanings(words: list[str]) -> Iterator[tuple[str, str, Band]]:
    for word in dict.fromkeys(words):
        for scale, band in DEMEANORS.get(word, {}).items():
            yield word, scale, band


def _combined(bands: list[tuple[str, Band]]) -> Target | None:
    """The overlap of all bands: any two of one scale have one."""
    if not bands:
        return None
    low, high = max(band[0] for _, band in bands), min(band[1] for _, band in bands)
    return Target(low, high, tuple(word for word, _ in bands))
