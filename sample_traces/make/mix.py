"""Two tracks on one clock: speech over a quiet room, written as Ogg Opus or FLAC."""

from io import BytesIO
from pathlib import Path

import numpy as np
import soundfile
from script import Scene
from timeline import Timeline
from voices import MS, RATE

ROOM_DBFS = -65.0
SEEDS = {"caller": 11, "agent": 23}
OPUS_LEVEL = 0.94
"""libsndfile's compression level: 43 kbit/s. Packed tighter, Opus turns the quiet room into digital silence"""


def mixed(scene: Scene, timeline: Timeline) -> np.ndarray:
    """Float32 samples, shape (frames, 2): caller left, agent right, unless the scene swaps them."""
    tracks = [track(timeline, "caller"), track(timeline, "agent", gain_db=scene.agent_gain_db)]
    if scene.swap_tracks:
        tracks.reverse()
    return np.clip(np.stack(tracks, axis=1), -1, 1)


def track(timeline: Timeline, speaker: str, *, gain_db: float = 0.0) -> np.ndarray:
    samples = room(timeline.ms * MS, SEEDS[speaker])
    for turn in timeline.turns:
        if turn.say.speaker == speaker:
            begin = turn.start_ms * MS
            samples[begin : begin + len(turn.speech.samples)] += turn.speech.samples * np.float32(10 ** (gain_db / 20))
    return samples


def room(frames: int, seed: int) -> np.ndarray:
    """Room noise without DC, falling by 3 dB an octave above 100 Hz, the same on every build."""
    white = np.fft.rfft(np.random.default_rng(seed).standard_normal(frames))
    hertz = np.fft.rfftfreq(frames, 1 / RATE)
    noise = np.fft.irfft(white * np.where(hertz < 60, 0, 1 / np.sqrt(np.maximum(hertz, 100))), n=frames)
    return (noise * 10 ** (ROOM_DBFS / 20) / np.sqrt((noise**2).mean())).astype(np.float32)


def write(path: Path, samples: np.ndarray) -> None:
    """Encode by the path's suffix. A file that already sounds the same stays: an Ogg stream's number is random."""
    encoded = BytesIO()
    if path.suffix == ".flac":
        soundfile.write(encoded, samples, RATE, format="FLAC", subtype="PCM_16")
    else:
        soundfile.write(encoded, samples, RATE, format="OGG", subtype="OPUS", compression_level=OPUS_LEVEL)
    encoded.seek(0)
    if not path.exists() or not np.array_equal(soundfile.read(path)[0], soundfile.read(encoded)[0]):
        path.write_bytes(encoded.getvalue())
