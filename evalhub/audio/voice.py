"""How one track sounds, as numbers: pitch, rate, pauses, level. Definitions: docs/metrics.md#delivery.

Everything is computed once per recording from what one pass over the file collected (`TrackSound`), and stored with
its analysis; a value that the sound does not support is None.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from evalhub.audio.arrays import Bools, Floats
from evalhub.audio.features import decibels
from evalhub.audio.intervals import Interval, difference, total, union
from evalhub.audio.loudness import integrated, loudness_range
from evalhub.audio.middle import median
from evalhub.audio.track_sound import (
    FEWEST_VOICED,
    PAUSE_MS,
    SLOT_MS,
    UTTERANCE_GAP_MS,
    Sung,
    TrackSound,
    rounded,
    semitones,
)
from evalhub.audio.utterances import described

FINAL_SLOTS, FEWEST_FINAL = 30, 8


def describe(sound: TrackSound) -> dict[str, Any]:
    """The delivery features of one track by metric id, and what the page and the tone positions need beside them."""
    utterances = union(sound.voiced, gap_ms=UTTERANCE_GAP_MS)
    speaking = sound.speaking
    return {
        **_pitch(sound.f0[speaking]),
        "final_slope_st_per_s": rounded(_median([final_slope(sound.f0, one) for one in utterances]), 2),
        **_rate(sound),
        **_pauses(sound.voiced, utterances),
        "loudness_lufs": rounded(integrated(sound.energies), 2),
        "loudness_range_lu": rounded(loudness_range(sound.energies), 2),
        "clipped_fraction": round(sound.clipped / sound.samples, 6) if sound.samples else None,
        "dropouts_per_min": _dropouts_per_min(sound),
        **_levels(sound, speaking),
        "utterances": described(sound, utterances),
    }


def _pitch(f0: Floats) -> dict[str, float | None]:
    spread = semitones(f0)
    if len(spread) < FEWEST_VOICED:
        return {"f0_median_hz": None, "f0_sd_st": None, "f0_range_st": None}
    low, high = np.percentile(spread, [5, 95])
    return {
        "f0_median_hz": rounded(float(np.median(f0[f0 > 0])), 1),
        "f0_sd_st": rounded(float(spread.std()), 3),
        "f0_range_st": rounded(float(high - low), 3),
    }


def final_slope(f0: Floats, utterance: Interval) -> float | None:
    """Semitones per second over the last 300 ms voiced of an utterance; None where too little of it is voiced.

    The median of all pairwise slopes (Theil and Sen), so that one octave error at the end does not decide.
    """
    spoken = f0[utterance[0] // SLOT_MS : utterance[1] // SLOT_MS]
    at = np.flatnonzero(spoken > 0)[-FINAL_SLOTS:]
    if at.size < FEWEST_FINAL:
        return None
    pitch = 12 * np.log2(spoken[at])
    later, earlier = np.tril_indices(len(at), -1)
    slopes = (pitch[later] - pitch[earlier]) / (at[later] - at[earlier])
    return float(median(slopes)) * 1000 / SLOT_MS


def _rate(sound: TrackSound) -> dict[str, float | None]:
    speech_ms = total(sound.speech)
    if not speech_ms:
        return {"syllables": None, "articulation_rate_syll_s": None}
    syllables = len(sound.nuclei)
    return {"syllables": syllables, "articulation_rate_syll_s": round(syllables * 1000 / speech_ms, 2)}


def _pauses(voiced: list[Interval], utterances: list[Interval]) -> dict[str, float | None]:
    silences = difference(utterances, voiced)
    pauses = [end - start for start, end in silences if end - start >= PAUSE_MS]
    span = total(utterances)
    if not span:
        return {"pause_ratio": None, "pauses_per_min": None, "longest_pause_ms": None}
    return {
        "pause_ratio": round(sum(pauses) / span, 4),
        "pauses_per_min": round(len(pauses) * 60_000 / span, 2),
        "longest_pause_ms": max(pauses, default=0),
    }


def _dropouts_per_min(sound: TrackSound) -> float | None:
    spoken = total(sound.voiced)
    dropouts = [one for one in sound.dead if one.is_dropout]
    return round(len(dropouts) * 60_000 / spoken, 2) if spoken else None


def _levels(sound: TrackSound, speaking: Bools) -> dict[str, float | None]:
    level = decibels(sound.powers.level("rms"))
    quiet = level[~speaking]
    has_both = speaking.any() and len(quiet) >= FEWEST_VOICED
    snr = float(np.percentile(level[speaking], 75) - np.percentile(quiet, 25)) if has_both else None
    return {"snr_db": rounded(snr, 1), **Sung.of(sound).colour()}


def _median(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.median(known)) if known else None
