"""Two-track calls with known times: synthesised speech laid at random times, with barge-ins, over noise, at any rate.

The speech is that of sample_traces/, cut where it is audible and laid where the test wants it.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import soundfile
import soxr

from evalhub.bundled import bundled

SNR_DB = 20


@dataclass(frozen=True)
class MadeCall:
    """Where each side speaks, in ms; the latencies and yields that follow from it, in order."""

    caller: list[tuple[int, int]]
    agent: list[tuple[int, int]]
    latencies: list[int]
    yields: list[int]

    @property
    def seconds(self) -> float:
        return max(end for _, end in (*self.caller, *self.agent)) / 1000 + 1.5


def made_call(seed: int, exchanges: int = 12, barge_in_every: int = 4) -> MadeCall:
    """Caller and agent in turn; now and then the caller cuts in and the agent gives way."""
    draw = np.random.default_rng(seed)
    caller: list[tuple[int, int]] = []
    agent: list[tuple[int, int]] = []
    latencies, yields, now = [], [], 800
    for exchange in range(exchanges):
        caller.append((now, now + _length(draw, "caller")))
        latencies.append(int(draw.integers(320, 1_900)))
        begins = caller[-1][1] + latencies[-1]
        agent.append((begins, begins + _length(draw, "agent")))
        now = agent[-1][1] + int(draw.integers(400, 1_500))
        if exchange % barge_in_every == barge_in_every - 1 and exchange < exchanges - 1:
            yields.append(int(draw.integers(300, 900)))
            now = agent[-1][1] - yields[-1]
    return MadeCall(caller, agent, latencies, yields)


def _length(draw: np.random.Generator, side: str) -> int:
    return int(draw.choice([len(clip) * 1000 // CLIP_RATE for clip in clips(side)]))


CLIP_RATE = 16_000


@cache
def clips(side: str) -> Sequence[np.ndarray]:
    """Turns of one side of the clean sample calls, from first to last audible sample, no two of a length."""
    found: dict[int, np.ndarray] = {}
    for case in sorted((bundled("sample_traces") / "native").glob("*-twin/*.json")):
        told = json.loads(case.read_text())
        sound, rate = soundfile.read(case.parent / told["recordings"][0]["path"], dtype="float32")
        assert rate == CLIP_RATE
        for turn in told["turns"]:
            if turn["speaker"] == side:
                piece = _audible(sound[turn["start_ms"] * 16 : turn["end_ms"] * 16, int(side == "agent")])
                found.setdefault(len(piece) * 1000 // CLIP_RATE, piece)
    return [clip for ms, clip in sorted(found.items()) if 800 <= ms <= 5_000 and _longest_pause_ms(clip) < 400]


def _longest_pause_ms(piece: np.ndarray) -> int:
    """A turn with a long pause is two stretches of speech to the contract; who speaks into it cuts nobody short."""
    loud = np.flatnonzero(np.abs(piece) > np.abs(piece).max() / 20)
    return int(np.diff(loud).max()) * 1000 // CLIP_RATE


def _audible(piece: np.ndarray) -> np.ndarray:
    """Cut where a telephone carries it within 26 dB of the loudest: softer ends drown in the noise that tests add."""
    narrow = np.abs(soxr.resample(piece, CLIP_RATE, CLIP_RATE // 2))
    loud = np.flatnonzero(narrow > narrow.max() / 20)
    return piece[2 * loud[0] : 2 * loud[-1] + 2]


def write_call(path: Path, call: MadeCall, *, rate: int, subtype: str = "PCM_16", snr_db: float = SNR_DB) -> Path:
    """The call as a stereo file, each track with noise of its own below its speech."""
    tracks = [_track(call, side, snr_db) for side in ("caller", "agent")]
    sound = soxr.resample(np.stack(tracks, axis=1), CLIP_RATE, rate)
    soundfile.write(path, sound, rate, subtype=subtype)
    return path


def _track(call: MadeCall, side: str, snr_db: float) -> np.ndarray:
    samples = np.zeros(round(call.seconds * CLIP_RATE), np.float32)
    by_length = {len(clip) * 1000 // CLIP_RATE: clip for clip in clips(side)}
    for start, end in getattr(call, side):
        said = by_length[end - start]
        samples[start * 16 : start * 16 + len(said)] += said
    loud = np.sqrt(np.mean(samples[samples != 0] ** 2))
    noise = np.random.default_rng(len(side)).normal(0, loud * 10 ** (-snr_db / 20), len(samples))
    return (samples + noise).astype(np.float32)
