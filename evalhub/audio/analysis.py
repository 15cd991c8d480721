"""Reading a recording once: one pass over the file feeds every meter, and what they found is all that is kept.

Pages draw the peaks; every audio evaluator reads `voiced` and `details` and never opens the file again.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

from evalhub.audio import contour
from evalhub.audio.arrays import Bools, Floats
from evalhub.audio.channel import ChannelMeter
from evalhub.audio.dead import dead_in_all, sounding
from evalhub.audio.decode import Source, blocks, probe
from evalhub.audio.intervals import union
from evalhub.audio.levels import SLOTS_PER_S, Levels
from evalhub.audio.loudness import LoudnessMeter
from evalhub.audio.peaks import PEAKS_PER_S, drawn
from evalhub.audio.track_sound import TrackSound
from evalhub.audio.voice import describe
from evalhub.audio.voiced import voiced_intervals
from evalhub.errors import Problem, Unreadable
from evalhub.models import AudioAnalysis, Recording

VERSION = "6"
"""of `details`: an analysis of another version is read anew"""
BROKEN_OFF = 0.98
APART_MS = 100
"""what its pages say is lost is silence in its sound too, give or take what the decoder fades in and out"""


def analyse_file(path: Path, recording: Recording) -> AudioAnalysis:
    """What the bytes of this recording say: length, peaks, contour, voiced intervals and features of each channel.

    Raises:
        Unreadable: the bytes are not audio that can be decoded, or hold none.
    """
    source = probe(
        path,
        rate=recording.declared_rate,
        encoding=recording.declared_encoding,
        channels=len(recording.channels or [""]),
    )
    meters = _Meters(source)
    for block in blocks(source):
        meters.feed(block.native, block.speech)
    if not meters.levels.samples:
        raise Unreadable(f"{path.name}: no sound.", [Problem("file", "samples", "an audio file without any")])
    return meters.result(recording)


def is_current(analysis: AudioAnalysis) -> bool:
    """Whether this analysis holds what today's evaluators read."""
    return analysis.state != "ready" or (analysis.details or {}).get("version") == VERSION


class _Heard(NamedTuple):
    """What is kept of one channel: its voiced intervals, what its sound says, its waveform and curves, its silence."""

    voiced: list[list[int]]
    facts: dict[str, Any]
    drawing: bytes
    contour: bytes
    sounding: Bools


class _Meters:
    """Every meter of one file, fed together."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.levels = Levels(source.rate, source.channels, full_scale=source.full_scale)
        self.loudness = LoudnessMeter(source.rate, source.channels)
        self.channels = [ChannelMeter(source.speech_rate) for _ in range(source.channels)]

    def feed(self, native: Floats, speech: Floats) -> None:
        self.levels.feed(native)
        self.loudness.feed(native)
        for meter, samples in zip(self.channels, speech - self.levels.block_dc[:, None], strict=True):
            meter.feed(samples)

    def result(self, recording: Recording) -> AudioAnalysis:
        energies, correlation = self.loudness.finish(), self.levels.correlation
        promised_ms = round(self.source.promised * 1000 / self.source.rate)
        # one channel after the other: what is known of each 10 ms of two hours is let go before the next
        heard = [self._heard(channel, energies[channel]) for channel in range(self.source.channels)]
        return AudioAnalysis(
            project_id=recording.project_id,
            sha256=recording.sha256 or "",
            state="ready",
            duration_ms=self._length_ms,
            sample_rate=self.source.rate,
            channel_count=self.source.channels,
            codec=self.source.codec,
            peaks_per_s=PEAKS_PER_S,
            peaks=b"".join(one.drawing for one in heard),
            contour=b"".join(one.contour for one in heard),
            voiced=[one.voiced for one in heard],
            details={
                "version": VERSION,
                "has_header": self.source.has_header,
                "broken_off_ms": promised_ms if self._is_broken_off(promised_ms) else None,
                "has_pauses": self.source.pages.has_pauses,
                "lost": union(
                    [*self.source.pages.lost, *dead_in_all([one.sounding for one in heard])], gap_ms=APART_MS
                ),
                "correlation": None if correlation is None else round(correlation, 5),
                "channels": [one.facts for one in heard],
            },
        )

    def _is_broken_off(self, promised_ms: int) -> bool:
        return self.source.pages.is_cut or self._length_ms < promised_ms * BROKEN_OFF

    @property
    def _length_ms(self) -> int:
        return round(self.levels.samples * 1000 / self.source.rate)

    def _heard(self, channel: int, energies: Floats) -> _Heard:
        peaks, dc = self.levels.peaks(channel)
        sound = self._sound(channel, peaks, energies)
        facts = {
            "peak": round(float(peaks.max(initial=0.0)), 5),
            "dc": round(dc, 6),
            "first_clipped_ms": self.levels.first_clipped[channel],
            "dead": [asdict(one) for one in sound.dead],
            "delivery": describe(sound),
        }
        voiced = [list(interval) for interval in sound.voiced]
        return _Heard(voiced, facts, drawn(peaks), contour.drawn(sound), sounding(peaks))

    def _sound(self, channel: int, peaks: Floats, energies: Floats) -> TrackSound:
        heard = self.channels[channel].finish(self._length_ms * SLOTS_PER_S // 1000 + 1)
        voiced = voiced_intervals(heard.probabilities, peaks, length_ms=self._length_ms)
        return TrackSound(
            voiced=[(start, end) for start, end in voiced],
            peaks=peaks,
            f0=heard.f0,
            powers=heard.powers,
            energies=energies,
            clipped=int(self.levels.clipped[channel]),
            samples=self.levels.samples,
        )
