"""Each utterance of a track by itself: what its tone is read from, and how far its voice is from the first one's."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import Any

import numpy as np

from evalhub.audio.arrays import Floats
from evalhub.audio.features import decibels
from evalhub.audio.intervals import Interval, total
from evalhub.audio.middle import median
from evalhub.audio.track_sound import FEWEST_VOICED, SLOT_MS, Sung, TrackSound, rounded, semitones

FEWEST_FOR_TONE = 50
"""slots of pitch below which an utterance has no tone of its own: 500 ms"""
FEWEST_FOR_TIMBRE = 100
"""slots of pitch below which the mean spectrum says more of the words than of the voice: 1 s"""


def described(sound: TrackSound, utterances: Sequence[Interval]) -> list[dict[str, Any]]:
    """Features by metric id of each utterance, with `start_ms` and `end_ms`; None where too little of it is voiced."""
    pieces = [Sung.of(sound, one) for one in utterances]
    timbres = [_timbre(piece) for piece in pieces]
    first = next((timbre for timbre in timbres if timbre is not None), None)
    return [
        {"start_ms": one[0], "end_ms": one[1]}
        | _pitch(piece.f0)
        | _tone(sound, piece, one)
        | {"timbre_away_db": _distance(timbre, first)}
        for one, piece, timbre in zip(utterances, pieces, timbres, strict=True)
    ]


def _pitch(f0: Floats) -> dict[str, float | None]:
    spread = semitones(f0)
    known = len(spread) >= FEWEST_VOICED
    return {
        "f0_sd_st": rounded(float(spread.std()), 2) if known else None,
        "f0_median_hz": rounded(float(median(f0)), 1) if known else None,
    }


def _tone(sound: TrackSound, piece: Sung, utterance: Interval) -> dict[str, float | None]:
    if len(piece.slots) < FEWEST_FOR_TONE:
        return {}
    speech_ms = total(sound.speech[slice(*(bisect_left(sound.speech, (ms,)) for ms in utterance))])
    start, end = np.searchsorted(sound.nuclei, [utterance[0] // SLOT_MS, utterance[1] // SLOT_MS])
    return {"articulation_rate_syll_s": round(float(end - start) * 1000 / speech_ms, 2)} | piece.colour()


def _timbre(piece: Sung) -> Floats | None:
    """The mean spectrum of its voiced slots in dB per mel band, its level taken out."""
    if len(piece.slots) < FEWEST_FOR_TIMBRE:
        return None
    spectrum = decibels(piece.power("timbre").mean(axis=1))
    level: Floats = spectrum - spectrum.mean()
    return level


def _distance(timbre: Floats | None, first: Floats | None) -> float | None:
    if timbre is None or first is None:
        return None
    return round(float(np.sqrt(np.mean((timbre - first) ** 2))), 2)
