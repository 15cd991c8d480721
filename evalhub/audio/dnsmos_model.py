"""The door to onnxruntime: DNSMOS P.835, how a listener would rate a piece of speech, from 1 to 5.

Source: C. Reddy et al., "DNSMOS P.835" (ICASSP 2022). The wheel `speechmos` carries the published model, of which only
the file is used. Its own code takes a window each second; every third gives the same mean within 0.02 for a third of
the time. Both packages are optional: `pip install 'evalhub[dnsmos]'`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from evalhub.audio.arrays import Floats
from evalhub.audio.decode import WIDE, Source, blocks
from evalhub.audio.intervals import Interval
from evalhub.errors import SetupError

WINDOW, HOP = round(9.01 * WIDE), 3 * WIDE
SHORTEST = WIDE
"""less speech than a second is not rated"""
SCALES = ("sig", "bak", "ovr")
CALIBRATION = (
    (-0.08397278, 1.22083953, 0.0052439),
    (-0.13166888, 1.60915514, -0.39604546),
    (-0.06766283, 1.11546468, 0.04602535),
)
"""the polynomials by which the model's answers become ratings, as published with it"""
MEND = "Install it with: pip install 'evalhub[dnsmos]'"


def ratings(speech: Iterable[Floats]) -> dict[str, float | None]:
    """Mean rating, 1 to 5, of `sig` (the voice), `bak` (the background), `ovr` (both); None for too little speech.

    Args:
        speech: samples at 16 kHz in pieces of any length.

    Raises:
        SetupError: the optional packages are not installed.
    """
    session = _session()
    answers = [session.run(None, {"input_1": window[None]})[0][0] for window in _windows(speech)]
    if not answers:
        return dict.fromkeys(SCALES)
    raw = np.array(answers, np.float64).T
    means = [float(np.polyval(curve, one).mean()) for curve, one in zip(CALIBRATION, raw, strict=True)]
    return {scale: round(mean, 3) for scale, mean in zip(SCALES, means, strict=True)}


def speech_of(source: Source, channel: int, utterances: list[Interval]) -> Iterator[Floats]:
    """The utterances of one channel at 16 kHz, one after the other; their times are in ms of the recording."""
    import soxr

    narrow = source.speech_rate != WIDE
    resampler = soxr.ResampleStream(source.speech_rate, WIDE, 1, dtype="float32") if narrow else None
    at = 0
    for block in blocks(source):
        samples = block.speech[channel]
        wide = resampler.resample_chunk(samples) if resampler else samples
        for start, end in utterances:
            first, last = (ms * WIDE // 1000 - at for ms in (start, end))
            if first < len(wide) and last > 0:
                yield wide[max(0, first) : last]
        at += len(wide)


def _windows(speech: Iterable[Floats]) -> Iterator[Floats]:
    """Windows of 9 s, 3 s apart; a shorter piece is repeated until it fills one, as the published code does."""
    held, found = np.zeros(0, np.float32), False
    for piece in speech:
        held = np.concatenate([held, piece.clip(-1, 1)])
        while len(held) >= WINDOW:
            yield held[:WINDOW]
            held, found = held[HOP:], True
    if not found and len(held) >= SHORTEST:
        yield np.resize(held, WINDOW)


@cache
def _session() -> Any:
    model = _model()
    if model is None or find_spec("onnxruntime") is None:
        raise SetupError("DNSMOS is not installed.", mend=MEND)
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1  # workers are as many as there are cores
    return onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])


def _model() -> Path | None:
    package = find_spec("speechmos")
    folder = next(iter(package.submodule_search_locations or ()), None) if package else None
    return Path(folder, "dnsmos_models", "sig_bak_ovr.onnx") if folder else None
