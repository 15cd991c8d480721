"""Sending the sample traces through a server's own HTTP interface, dated so that the newest call is an hour old."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import orjson

from evalhub.sending import Server

NEWEST = timedelta(hours=1)
TRACK_TYPES = {".flac": "audio/flac", ".opus": "audio/ogg", ".ogg": "audio/ogg", ".wav": "audio/wav"}


@dataclass(frozen=True)
class Case:
    """One sample conversation: its body, and the files of its recordings by track."""

    body: dict[str, Any]
    files: dict[str, Path]


def read_cases(folder: Path) -> list[Case]:
    """Every conversation below `folder/native`, moved in time together so that the newest ended an hour ago."""
    cases = [_read(path) for path in sorted((folder / "native").glob("*/*.json"))]
    shift = datetime.now(UTC) - NEWEST - max(datetime.fromisoformat(case.body["ended_at"]) for case in cases)
    return [_moved(case, shift) for case in cases]


def _read(path: Path) -> Case:
    body = orjson.loads(path.read_bytes())
    files = {one["track"]: path.parent / one["path"] for one in body.get("recordings", [])}
    return Case(body, files)


def _moved(case: Case, shift: timedelta) -> Case:
    moved = {name: (datetime.fromisoformat(case.body[name]) + shift).isoformat() for name in ("started_at", "ended_at")}
    return Case(case.body | moved, case.files)


def send(server: Server, cases: list[Case]) -> Iterator[str]:
    """Send each case with its recordings; yields the id of each that is in.

    Raises:
        SetupError, BadInput: the server does not take one of them.
    """
    for case in cases:
        conversation_id = case.body["id"]
        server.post("/api/v1/conversations", orjson.dumps(case.body))
        for recording in case.body.get("recordings", []):
            _put(server, conversation_id, recording, case.files[recording["track"]])
        yield conversation_id


def _put(server: Server, conversation_id: str, recording: dict[str, Any], path: Path) -> None:
    url = f"/api/v1/conversations/{quote(conversation_id, safe='')}/recordings/{recording['track']}"
    params = {"channels": ",".join(recording["channels"]), "offset_ms": str(recording.get("offset_ms", 0))}
    server.put_file(url, path, params, {"Content-Type": TRACK_TYPES[path.suffix]})
