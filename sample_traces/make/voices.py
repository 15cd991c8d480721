"""Voices: two speech synthesisers run as programs, one utterance at a time, set to one loudness and trimmed.

Everything here is 16 kHz mono float32. A `Speech` starts and ends with audible sound, so that where it is placed on a
timeline is where a listener hears it.
"""

import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import soundfile
import soxr
from loudness import to_loudness

RATE = 16_000
MS = RATE // 1000
BEGINS = 10 ** (-50 / 20)
ENDS = 10 ** (-52 / 20)
"""RMS of a 5 ms frame (full scale = 1) from which speech is heard, and under which it has died away"""
FADE = 5 * MS

SPELLED = re.compile(r"\bA (?=zero|one|two|three|four|five|six|seven|eight|nine)")
"""the letter A before digits: flite would read the article"""


@dataclass(frozen=True)
class Voice:
    """One way of speaking: the program with its options, and the pause between two sentences."""

    program: str
    options: tuple[str, ...]
    pause_ms: int = 330


@dataclass(frozen=True)
class Speech:
    """Samples of one utterance, and when each word of its text is over (ms from its start, by share of letters)."""

    samples: np.ndarray
    words: tuple[tuple[str, int], ...]

    @property
    def ms(self) -> int:
        return len(self.samples) // MS

    def until(self, ms: int) -> "Speech":
        """The part before `ms`, faded out."""
        return Speech(faded(self.samples[: ms * MS]), tuple(word for word in self.words if word[1] <= ms))

    @property
    def text(self) -> str:
        return " ".join(word for word, _ in self.words)


def flite(name: str, *, mean: int | None = None, spread: int | None = None, stretch: float = 1.0) -> Voice:
    """A flite voice: mean and spread of its pitch in Hz (None: the voice's own), stretch > 1 is slower."""
    settings = {"int_f0_target_mean": mean, "int_f0_target_stddev": spread, "duration_stretch": stretch}
    options = [part for key, value in settings.items() if value is not None for part in ("--setf", f"{key}={value}")]
    return Voice("flite", ("-voice", name, *options))


def espeak(name: str, *, pitch: int = 50, words_per_minute: int = 165) -> Voice:
    """An espeak-ng voice such as en-us+f3; pitch 0 to 99."""
    return Voice("espeak-ng", ("-v", name, "-p", str(pitch), "-s", str(words_per_minute), "-a", "60", "-z"))


def require_synthesisers() -> None:
    missing = [program for program in ("flite", "espeak-ng") if shutil.which(program) is None]
    if missing:
        raise SystemExit(
            f"Not found on PATH: {', '.join(missing)}. On Debian or Ubuntu: sudo apt install flite espeak-ng. "
            "They are needed only to build the samples again; what is in the folder can be used as it is."
        )


@cache
def speak(voice: Voice, text: str) -> Speech:
    """The text in this voice, sentence by sentence."""
    pause = np.zeros(voice.pause_ms * MS, dtype=np.float32)
    pieces: list[np.ndarray] = []
    words: list[tuple[str, int]] = []
    for sentence in re.split(r"(?<=[.?!]) ", text):
        pieces += [pause] if pieces else []
        begin_ms = sum(map(len, pieces)) // MS
        pieces.append(synthesise(voice, SPELLED.sub("Ay ", sentence)))
        words += word_ends(sentence, begin_ms, len(pieces[-1]) // MS)
    return Speech(np.concatenate(pieces), tuple(words))


def synthesise(voice: Voice, sentence: str) -> np.ndarray:
    with tempfile.TemporaryDirectory() as folder:
        wav = Path(folder, "speech.wav")
        spoken = ["-o", str(wav), "-t", sentence] if voice.program == "flite" else ["-w", str(wav), sentence]
        subprocess.run([voice.program, *voice.options, *spoken], check=True)
        samples, rate = soundfile.read(wav, dtype="float32")
    samples = soxr.resample(samples, rate, RATE).astype(np.float32)
    return faded(trimmed(to_loudness(samples, RATE)))


def trimmed(samples: np.ndarray) -> np.ndarray:
    """From the first to the last audible frame; a whole number of milliseconds."""
    frames = samples[: len(samples) // (5 * MS) * 5 * MS].reshape(-1, 5 * MS)
    level = np.sqrt((frames**2).mean(axis=1))
    first, last = np.flatnonzero(level > BEGINS)[0], np.flatnonzero(level > ENDS)[-1]
    return samples[first * 5 * MS : (last + 1) * 5 * MS]


def faded(samples: np.ndarray) -> np.ndarray:
    ramp = np.linspace(0, 1, FADE, dtype=np.float32)
    shaped = samples.copy()
    shaped[:FADE] *= ramp
    shaped[-FADE:] *= ramp[::-1]
    return shaped


def word_ends(sentence: str, begin_ms: int, ms: int) -> list[tuple[str, int]]:
    words = sentence.split(" ")
    share = np.cumsum([len(word) for word in words]) / sum(map(len, words))
    return [(word, begin_ms + round(ms * part)) for word, part in zip(words, share, strict=True)]
