"""Sending the sample traces through a server's own HTTP interface, dated so that the newest call is an hour old."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import orjson

from evalhub.errors import SetupError

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


def send(client: httpx.Client, cases: list[Case]) -> Iterator[str]:
    """Send each case with its recordings; yields the id of each that is in.

    Raises:
        SetupError: the server does not take one of them; names it and the server's answer.
    """
    for case in cases:
        conversation_id = case.body["id"]
        _accepted(client.post("/api/v1/conversations", content=orjson.dumps(case.body)), conversation_id)
        for recording in case.body.get("recordings", []):
            _put(client, conversation_id, recording, case.files[recording["track"]])
        yield conversation_id


def _put(client: httpx.Client, conversation_id: str, recording: dict[str, Any], path: Path) -> None:
    url = f"/api/v1/conversations/{quote(conversation_id, safe='')}/recordings/{recording['track']}"
    params = {"channels": ",".join(recording["channels"]), "offset_ms": str(recording.get("offset_ms", 0))}
    with path.open("rb") as file:
        headers = {"Content-Type": TRACK_TYPES[path.suffix]}
        _accepted(client.put(url, params=params, content=file, headers=headers), conversation_id)


def _accepted(response: httpx.Response, conversation_id: str) -> None:
    if not response.is_success:
        raise SetupError(f"The sample {conversation_id} was not taken: {response.status_code}.", response.text[:500])
