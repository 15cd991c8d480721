"""Sending a recorded call: its events, its sound as one stereo recording, and that it is over."""

from __future__ import annotations

import json
import logging
import os
import shutil
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from .stereo import Stereo

log = logging.getLogger("evalhub.recorders")
AGAIN = frozenset({429, 502, 503, 504})
TRIES, LONGEST_WAIT_S, TIMEOUT_S = 8, 30.0, 60.0
PART_BYTES = 16 << 20
LOOPBACK = ("127.0.0.1", "localhost", "::1")
Target = tuple[str, str]
"""address and key"""


def target(url: str | None = None, api_key: str | None = None) -> Target | None:
    """Where to send calls; None, with a line in the log, where that is not said."""
    url, api_key = url or os.environ.get("EVALHUB_URL"), api_key or os.environ.get("EVALHUB_API_KEY")
    if url and api_key and urlsplit(url).scheme in ("http", "https"):
        return url.rstrip("/"), api_key
    log.warning("calls are not recorded: set EVALHUB_URL (http://... or https://...) and EVALHUB_API_KEY")
    return None


def send(folder: Path, where: Target) -> bool:
    """Send what is in the folder of a call and delete it; keep it, and log why, where that fails."""
    try:
        _send(folder, where)
    except urllib.error.HTTPError as error:
        reason = f"{error.code}: {error.read(1000).decode(errors='replace')}"
    except (OSError, ValueError, KeyError) as error:
        reason = str(error)
    else:
        shutil.rmtree(folder, ignore_errors=True)
        return True
    log.error("a call was not sent (%s). It is kept; `python -m evalhub.recorders %s` sends it again", reason, folder)
    return False


def _send(folder: Path, where: Target) -> None:
    notes = [json.loads(line) for line in _lines(folder / "notes.jsonl")]
    named = [note["id"] for note in notes if note.get("id")]
    path = f"/api/v1/conversations/{quote(named[-1] if named else folder.name, safe='')}"
    events = _lines(folder / "events.jsonl")
    for part in _parts(events):
        _request(where, "POST", f"{path}/realtime-events", lambda part=part: part, len(part))  # type: ignore[misc]
    stereo = Stereo.of(folder, notes)
    if stereo:
        query = urlencode({"channels": "caller,agent", "started_at": _iso(stereo.started_at)})
        _request(where, "PUT", f"{path}/recordings/stereo?{query}", stereo.blocks, stereo.size)
    if stereo or events:
        body = json.dumps({"ended_at": _iso(notes[-1]["t"])}).encode()
        _request(where, "POST", f"{path}/end", lambda: body, len(body))


def _request(where: Target, method: str, path: str, body: Callable[[], Any], size: int) -> None:
    """One request, again and again while the server asks for that or cannot be reached."""
    url, api_key = where
    kind = "audio/wav" if method == "PUT" else "application/json"
    headers = {"Authorization": f"Bearer {api_key}", "Content-Type": kind, "Content-Length": str(size)}
    proxies = urllib.request.ProxyHandler({} if urlsplit(url).hostname in LOOPBACK else None)
    opener = urllib.request.build_opener(proxies)
    for attempt in range(TRIES):
        request = urllib.request.Request(url + path, body(), headers, method=method)  # noqa: S310  checked in target()
        wait = min(0.5 * 2**attempt, LONGEST_WAIT_S)
        try:
            opener.open(request, timeout=TIMEOUT_S).close()
            return
        except urllib.error.HTTPError as error:
            if error.code not in AGAIN or attempt == TRIES - 1:
                raise
            asked = error.headers.get("Retry-After", "")
            wait = min(float(asked), LONGEST_WAIT_S) if asked.isdigit() else wait
        except OSError:
            if attempt == TRIES - 1:
                raise
        time.sleep(wait)


def _lines(path: Path) -> list[bytes]:
    """Whole lines; a program that was killed may have left half of one."""
    body = path.read_bytes() if path.exists() else b""
    return body[: body.rfind(b"\n") + 1].splitlines(keepends=True)


def _parts(lines: list[bytes]) -> Iterator[bytes]:
    part: list[bytes] = []
    size = 0
    for line in lines:
        if part and size + len(line) > PART_BYTES:
            yield b"".join(part)
            part, size = [], 0
        part.append(line)
        size += len(line)
    if part:
        yield b"".join(part)


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()
