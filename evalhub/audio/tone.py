"""Where a voice lies on energy (arousal), pace and expressiveness, 0 to 1, with the features behind each position.

Acoustics tell arousal, not valence: anger and joy look alike here. Every feature is mapped linearly between two
anchors, found on read, conversational and synthesised English; a position is the weighted mean of its features.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evalhub.audio.style_target import Target


@dataclass(frozen=True)
class Ramp:
    """A feature's share in a scale: its value at position 0 and at position 1, its weight, and how to say it."""

    at_zero: float
    at_one: float
    weight: float
    words: str

    def position(self, value: float) -> float:
        return min(1.0, max(0.0, (value - self.at_zero) / (self.at_one - self.at_zero)))


SPREAD = Ramp(0.5, 4.5, 1.0, "pitch spread {:.1f} semitones")
RATE = Ramp(2.5, 6.5, 1.0, "{:.1f} syllables a second")
SCALES: dict[str, dict[str, Ramp]] = {
    "expressiveness": {"f0_sd_st": SPREAD},
    "pace": {"articulation_rate_syll_s": RATE},
    "energy": {
        "f0_sd_st": Ramp(0.5, 4.5, 0.4, SPREAD.words),
        "articulation_rate_syll_s": Ramp(2.5, 6.5, 0.2, RATE.words),
        "spectral_balance_db": Ramp(-18.0, 0.0, 0.25, "high to low band {:.0f} dB"),
        "level_sd_db": Ramp(2.0, 8.0, 0.15, "level varies by {:.1f} dB"),
    },
}


@dataclass(frozen=True)
class Position:
    """A place on one scale and what put it there."""

    scale: str
    value: float
    because: str

    def against(self, target: Target) -> str:
        """How the voice compares with the style, in words."""
        asked = " and ".join(target.words)
        where = "inside" if target.holds(self.value) else "below" if self.value < target.low else "above"
        return (
            f"{self.scale} {self.value:.2f} is {where} {target.low:.2f} to {target.high:.2f}, "
            f'what "{asked}" asks for ({self.because})'
        )


def positions(features: Mapping[str, Any]) -> dict[str, Position | None]:
    """The position on every scale; None where a feature it needs was not measured."""
    return {scale: _position(scale, ramps, features) for scale, ramps in SCALES.items()}


def _position(scale: str, ramps: dict[str, Ramp], features: Mapping[str, Any]) -> Position | None:
    if any(features.get(name) is None for name in ramps):
        return None
    weight = sum(ramp.weight for ramp in ramps.values())
    value = sum(ramp.position(features[name]) * ramp.weight for name, ramp in ramps.items()) / weight
    because = ", ".join(ramp.words.format(features[name]) for name, ramp in ramps.items())
    return Position(scale, round(value, 3), because)
