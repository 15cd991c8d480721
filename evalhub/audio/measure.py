"""Tier 4 on bare audio: a file in (or one for each side), everything its sound tells out. Behind `evalhub measure`."""

from __future__ import annotations

from collections.abc import Sequence
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
from evalhub.audio.tracks import Track, Tracks, roles_of, tracks_of
from evalhub.audio.turn_taking import OF_CALL, TurnTaking
from evalhub.errors import BadInput, Problem
from evalhub.evaluators import Context, run
from evalhub.models import Conversation, Recording
from evalhub.settings import Settings

Measured = dict[str, Any]
STEREO, MONO = ["caller", "agent"], ["mixed"]
NOT_MEASURED: dict[str, Any] = {
    "voiced_ms": None,
    **dict.fromkeys(FEATURES),
    **dict.fromkeys(SCALES),
    "dnsmos": dict.fromkeys(SCALES_OF_MOS),
}


def measure(path: Path, channels: list[str] | None = None, *, dnsmos: bool = False) -> Measured:
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
    track = "mixed" if names == MONO else "stereo"
    recording = Recording(track=track, channels=names, path=str(path), offset_ms=0)
    return {"file": str(path), **_measured([recording], dnsmos=dnsmos)}


def measure_call(
    paths: Sequence[Path],
    channels: list[str] | None = None,
    offsets_ms: Sequence[int] | None = None,
    *,
    dnsmos: bool = False,
) -> Measured:
    """The same for one call whose sides were recorded apart; times are those of the call.

    Args:
        paths: a mono file for each side; rates and lengths may differ.
        channels: who is in each file, in order; by default caller and agent.
        offsets_ms: when each file begins in the call; by default all at its start.
        dnsmos: as for one file.

    Raises:
        BadInput: a file cannot be read or is not mono, or files, names and offsets are not as many.
        SetupError: DNSMOS is asked for and not installed.
    """
    names, offsets = channels or STEREO, list(offsets_ms or [0] * len(paths))
    if not len(paths) == len(names) == len(offsets) or len(set(names)) < len(names):
        expected = f"a name and an offset for each of {len(paths)} files, no name twice"
        raise BadInput(
            "Files and names do not fit.", [Problem("--channels, --offsets", expected, f"{names} {offsets}")]
        )
    for path in paths:
        if (found := probe(path).channels) > 1:
            problem = Problem("channels", "1: with --one-call every side has a mono file", str(found))
            raise BadInput(f"{path.name}: more than one channel.", [problem])
    sides = zip(paths, names, offsets, strict=True)
    recordings = [Recording(track=name, channels=[name], path=str(path), offset_ms=ms) for path, name, ms in sides]
    return {"file": [str(path) for path in paths], **_measured(recordings, dnsmos=dnsmos)}


def _measured(recordings: list[Recording], *, dnsmos: bool) -> Measured:
    conversation = Conversation(id="measured", recordings=recordings)
    context = Context(settings=Settings.from_env({}), audio_path=lambda recording: Path(str(recording.path)))
    analyses = [analyse_file(Path(str(one.path)), one) for one in recordings]
    for recording, analysis in zip(recordings, analyses, strict=True):
        context.shared["analysed", recording.path] = analysis
    tracks, findings = tracks_of(conversation, context), findings_of(conversation, context)
    names = [role for recording in recordings for role in roles_of(recording)]
    measured = {name: _track(name, tracks.by_role.get(name), findings) for name in names}
    if dnsmos:
        _rate(measured, tracks, findings)
    rates = [analysis.sample_rate for analysis in analyses]
    return {
        "duration_s": max(track.span[1] for track in tracks.by_role.values()) / 1000,
        "sample_rate": rates[0] if len(rates) == 1 else rates,
        "channels": names,
        "recording_check": [_finding(finding) for finding in findings],
        "tracks": measured,
        "turn_taking": _turn_taking(conversation, context),
    }


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


def _rate(measured: dict[str, dict[str, Any]], tracks: Tracks, findings: list[Finding]) -> None:
    for name, track in tracks.by_role.items():
        trusted = not why_not_measurable(findings, "dnsmos_ovr", name)
        ratings = rated(track, Path(str(track.recording.path))) if trusted else dict.fromkeys(SCALES_OF_MOS)
        measured[name]["dnsmos"] = ratings


def _turn_taking(conversation: Conversation, context: Context) -> dict[str, float | None]:
    scores = run(TurnTaking(), conversation, context).scores
    measured = {score.metric: score.value for score in scores if score.subject_type == "conversation"}
    return dict.fromkeys(OF_CALL) | measured
