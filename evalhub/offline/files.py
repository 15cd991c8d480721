"""From files and folders to conversations with their sound: any recognised format, and bare audio."""

from __future__ import annotations

import gzip
import wave
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from evalhub import plugins
from evalhub.errors import BadInput, Problem, UnsupportedType
from evalhub.models import Conversation, Recording
from evalhub.traces.formats import ParsedAudio, native
from evalhub.traces.receive import recognise
from evalhub.traces.traced_files import parse_records

AUDIO = frozenset({".wav", ".flac", ".mp3", ".ogg", ".oga", ".opus", ".webm", ".aiff", ".aif", ".au"})
HEAD = 64 << 10
GZIP = b"\x1f\x8b"


@dataclass(kw_only=True)
class Loaded:
    """A conversation in memory; the `path` of each of its recordings is a file that can be opened as it is."""

    conversation: Conversation
    source: Path
    format: str
    body: bytes = b""
    """its own bytes in a native file, else the whole file; empty for bare audio"""
    missing: list[str] = field(default_factory=list)
    """recordings that are named but not there"""
    bodies: list[bytes] = field(default_factory=list)
    """of a format that holds several: the files it came from, with the first of their conversations"""
    beside: list[Recording] = field(default_factory=list)
    """of such a format: recordings that lie in files of their own, with the first of their conversations"""


def load(paths: Sequence[Path], scratch: Path) -> list[Loaded]:
    """Every conversation in these files and folders, as `read` finds them.

    Raises:
        BadInput: a file is broken, or nothing here is a conversation; names every fault of every file.
    """
    loaded, problems = read(paths, scratch)
    if problems:
        raise BadInput("Not everything here can be read.", problems)
    if not loaded:
        names = ", ".join(map(str, paths))
        raise BadInput("There is nothing to read.", [Problem(names, "a conversation or a recording", "neither")])
    return loaded


def read(paths: Sequence[Path], scratch: Path) -> tuple[list[Loaded], list[Problem]]:
    """Every conversation in these files and folders, and every fault of every file that is none.

    In a folder, what no format recognises is passed over. A recording that one of the conversations names is part of
    it, any other is a conversation of its own. Sound that lies inside a log is written to `scratch`.
    """
    loaded: list[Loaded] = []
    problems: list[Problem] = []
    traced: list[tuple[Path, str, bytes]] = []
    for path, is_named in _files(paths):
        try:
            if is_audio(path):
                loaded.append(Loaded(conversation=_of_audio(path), source=path, format="audio"))
            elif name := _format_of(body := _read(path), is_named=is_named):
                if hasattr(plugins.formats()[name], "decode"):
                    traced.append((path, name, body))
                else:
                    loaded += _load(path, name, body, scratch)
        except BadInput as fault:
            problems += _of_file(path, fault)
    more, faults = _load_traced(traced, scratch)
    loaded += more
    problems += faults
    named = {recording.path for one in loaded if one.format != "audio" for recording in one.conversation.recordings}
    return [one for one in loaded if one.format != "audio" or str(one.source.resolve()) not in named], problems


def _of_file(path: Path, fault: BadInput) -> list[Problem]:
    if isinstance(fault, UnsupportedType):
        known = ", ".join(plugins.formats())
        return [Problem(str(path), f"a format that evalhub reads ({known}) or a recording", "none of them")]
    return [Problem(f"{path}: {problem.path}", problem.expected, problem.got) for problem in fault.problems]


def _files(paths: Iterable[Path]) -> Iterator[tuple[Path, bool]]:
    """Each file, and whether it was named itself; in a folder sound comes last."""
    for path in paths:
        if path.is_dir():
            inside = [file for file in path.rglob("*") if file.is_file() and not _is_hidden(file.relative_to(path))]
            yield from ((file, False) for file in sorted(inside, key=lambda file: (is_audio(file), file)))
        else:
            yield path, True


def _is_hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def is_audio(path: Path) -> bool:
    """Whether this file is bare audio, by its name."""
    return path.suffix.lower() in AUDIO


def _load(path: Path, name: str, body: bytes, scratch: Path) -> list[Loaded]:
    if name == native.NAME:
        return [_resolved(conversation, path, name, own) for conversation, own in native.split(body)]
    parsed = plugins.formats()[name].parse(body, None)
    for conversation in parsed.conversations:
        inside = [audio for audio in parsed.audio if audio.conversation_id == conversation.id]
        conversation.recordings += [_written(audio, scratch) for audio in inside]
    return [_resolved(conversation, path, name, body) for conversation in parsed.conversations]


def _format_of(body: bytes, *, is_named: bool) -> str | None:
    """The name of its format. None where nobody knows it, which matters only for a file that was named itself."""
    try:
        return recognise(body[:HEAD], None)
    except UnsupportedType:
        if is_named:
            raise
        return None


def _load_traced(files: Sequence[tuple[Path, str, bytes]], scratch: Path) -> tuple[list[Loaded], list[Problem]]:
    """The calls in files of spans and reports: they only show when all of them are put together."""
    decoded, problems = [], []
    for path, name, body in files:
        try:
            decoded.append(plugins.formats()[name].decode(body))
        except BadInput as fault:
            problems += _of_file(path, fault)
    if not any(body.spans or body.logs for body in decoded):
        return [], problems
    parsed = parse_records(decoded)
    loaded = [Loaded(conversation=one, source=files[0][0], format=files[0][1]) for one in parsed.conversations]
    for one in loaded:
        loaded[0].beside += _beside(one, dict.fromkeys(path.parent for path, _, _ in files))
        inside = [audio for audio in parsed.audio if audio.conversation_id == one.conversation.id]
        one.conversation.recordings += [_written(audio, scratch) for audio in inside]
    loaded[0].bodies = [body for _, _, body in files]
    return loaded, problems


def _beside(one: Loaded, folders: Iterable[Path]) -> list[Recording]:
    """Recordings that lie where the files say, or under the same name in a folder of these files."""
    found = []
    for recording in one.conversation.recordings:
        named = str(recording.path or recording.track)
        places = [Path(named), *(folder / Path(named).name for folder in folders)]
        path = next((place for place in places if is_audio(place) and place.is_file()), None)
        recording.path, recording.conversation_id = str(path.resolve()) if path else None, one.conversation.id
        if path:
            found.append(recording)
        else:
            one.missing.append(named)
    return found


def _read(path: Path) -> bytes:
    """The bytes of a file, unpacked where they are gzip."""
    try:
        body = path.read_bytes()
        return gzip.decompress(body) if body.startswith(GZIP) else body
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise BadInput("Broken gzip.", [Problem("file", "whole gzip data", str(error))]) from error
    except OSError as error:
        raise BadInput(
            f"{error.strerror}", [Problem("file", "a file that can be read", str(error.strerror))]
        ) from error


def _of_audio(path: Path) -> Conversation:
    """A conversation of which nothing is known but its sound."""
    from evalhub.audio.decode import probe  # numpy and soundfile, only where there is sound

    if not path.is_file():
        raise BadInput("No such file.", [Problem("file", "a file that can be read", "no such file")])
    count = probe(path).channels
    if count > 2:
        raise BadInput("Too many channels.", [Problem("channels", "one, or caller and agent", str(count))])
    track, channels = ("stereo", ["caller", "agent"]) if count == 2 else ("mixed", ["mixed"])
    recording = Recording(track=track, channels=channels, path=str(path.resolve()), offset_ms=0)
    return Conversation(id=path.stem, origin="upload", recordings=[recording])


def _written(audio: ParsedAudio, scratch: Path) -> Recording:
    path = scratch / f"{len(list(scratch.iterdir()))}-{audio.track}.wav"
    if audio.rate is None:
        path.write_bytes(audio.data)
    else:
        with wave.open(str(path), "wb") as out:
            out.setnchannels(1)
            out.setsampwidth(2)
            out.setframerate(audio.rate)
            out.writeframes(audio.data)
    return Recording(track=audio.track, channels=[audio.track], path=str(path), offset_ms=audio.offset_ms)


def _resolved(conversation: Conversation, source: Path, name: str, body: bytes) -> Loaded:
    """Paths of recordings are relative to the file that names them."""
    loaded = Loaded(conversation=conversation, source=source, format=name, body=body)
    for recording in conversation.recordings:
        if recording.path is not None:
            path = (source.parent / recording.path).resolve()
            if not path.is_file():
                loaded.missing.append(recording.path)
            recording.path = str(path)
    return loaded
