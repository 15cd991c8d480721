"""Tier 4 on bare audio: one file in, everything that its sound tells out. Behind `evalhub measure`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from evalhub.audio.analysis import analyse_file
from evalhub.audio.decode import probe
from evalhub.audio.delivery import FEATURES
from evalhub.audio.dnsmos import rated
from evalhub.audio.dnsmos_model import SCALES as SCALES_OF_MOS
from evalhub.audio.findings import Finding, why_not_measurable
from evalhub.audio.recording_check import findings_of
from evalhub.audio.tone import SCALES, positions
from evalhub.audio.tracks import Track, Tracks, tracks_of
from evalhub.audio.turn_taking import OF_CALL, TurnTaking
from evalhub.errors import BadInput, Problem
from evalhub.evaluators import Context, run
from evalhub.models import Conversation, Recording
from evalhub.settings import Settings

STEREO, MONO = ["caller", "agent"], ["mixed"]
NOT_MEASURED: dict[str, Any] = {
    "voiced_ms": None,
    **dict.fromkeys(FEATURES),
    **dict.fromkeys(SCALES),
    "dnsmos": dict.fromkeys(SCALES_OF_MOS),
}


def measure(path: Path, channels: list[str] | None = None, *, dnsmos: bool = False) -> dict[str, Any]:
    """Everything the sound of a file tells, as `evalhub measure --json` prints it; null for what is not measured.

    Args:
        path: a file of audio.
        channels: who is on each channel, in order; by default caller and agent, or `mixed` for a mono file.
        dnsmos: whether to let the model DNSMOS rate each track, which takes longer than everything else.

    Raises:
        BadInput: the file is not audio that can be read, or has more channels than names.
        SetupError: DNSMOS is asked for and not installed.
    """
    source = probe(path, channels=len(channels or MONO))
    names = channels or (MONO if source.channels == 1 else STEREO)
    if source.channels > len(names):
        raise BadInput(f"{path.name}: too few names.", [Problem("--channels", f"{source.channels} names", str(names))])
    conversation, context = _conversation(path, names)
    tracks, findings = tracks_of(conversation, context), findings_of(conversation, context)
    measured = {name: _track(name, tracks.by_role.get(name), findings) for name in names}
    if dnsmos:
        _rate(measured, tracks, path, findings)
    return {
        "file": str(path),
        "duration_s": _duration_s(context),
        "sample_rate": source.rate,
        "channels": names,
        "recording_check": [_finding(finding) for finding in findings],
        "tracks": measured,
        "turn_taking": _turn_taking(conversation, context),
    }


def _conversation(path: Path, names: list[str]) -> tuple[Conversation, Context]:
    recording = Recording(track="mixed" if names == MONO else "stereo", channels=names, path=str(path), offset_ms=0)
    context = Context(settings=Settings.from_env({}), audio_path=lambda _: path)
    context.shared["analysed", recording.path] = analyse_file(path, recording)
    return Conversation(id=path.stem, recordings=[recording]), context


def _duration_s(context: Context) -> float:
    analysis = next(value for key, value in context.shared.items() if key[0] == "analysed")
    return round((analysis.duration_ms or 0) / 1000, 3)


def _finding(finding: Finding) -> dict[str, Any]:
    fields = asdict(finding)
    return {key: fields[key] for key in ("code", "track", "at_ms", "message", "affects")}


def _track(name: str, track: Track | None, findings: list[Finding]) -> dict[str, Any]:
    if track is None:
        return dict(NOT_MEASURED)
    tone = {scale: None if at is None else at.value for scale, at in positions(track.delivery).items()}
    features = {feature: track.delivery[feature] for feature in FEATURES} | tone
    trusted = {key: None if why_not_measurable(findings, key, name) else value for key, value in features.items()}
    return NOT_MEASURED | {"voiced_ms": [list(one) for one in track.voiced]} | trusted


def _rate(measured: dict[str, dict[str, Any]], tracks: Tracks, path: Path, findings: list[Finding]) -> None:
    for name, track in tracks.by_role.items():
        trusted = not why_not_measurable(findings, "dnsmos_ovr", name)
        measured[name]["dnsmos"] = rated(track, path) if trusted else dict.fromkeys(SCALES_OF_MOS)


def _turn_taking(conversation: Conversation, context: Context) -> dict[str, float | None]:
    scores = run(TurnTaking(), conversation, context).scores
    measured = {score.metric: score.value for score in scores if score.subject_type == "conversation"}
    return dict.fromkeys(OF_CALL) | measured
