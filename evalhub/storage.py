"""The audio store: bytes under the hash of their content, apart for each project.

A file is streamed to a temporary name, fsynced and renamed, so that what is in the store is whole. No path is ever
built from a name that a client chose.
"""

import hashlib
import os
import re
import tempfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from evalhub.errors import BadInput, Problem, SetupError, TooLarge

SHA256 = re.compile(r"[0-9a-f]{64}\Z")
BLOCK = 1 << 20


@dataclass(frozen=True)
class Stored:
    """A file that is in the store, and whether this call put it there."""

    sha256: str
    size: int
    is_new: bool


@dataclass(frozen=True)
class AudioStore:
    """A folder, laid out as `<project>/<first two digits>/<sha256>`."""

    folder: Path

    def path(self, project_id: int, sha256: str) -> Path:
        """Where these bytes lie, or would lie."""
        if not SHA256.match(sha256):
            raise ValueError(f"not a sha256: {sha256!r}")
        return self.folder / str(int(project_id)) / sha256[:2] / sha256

    def put(
        self, project_id: int, blocks: Iterable[bytes], *, limit: int | None = None, expected: str | None = None
    ) -> Stored:
        """Store a stream of bytes. Durable when it returns.

        Raises:
            TooLarge: more than `limit` bytes came; nothing is kept.
            BadInput: the bytes do not have the `expected` sha256; nothing is kept.
            SetupError: the disk is full or the folder cannot be written.
        """
        incoming = self.folder / "incoming"
        with _disk(incoming):
            incoming.mkdir(parents=True, exist_ok=True)
            file = tempfile.NamedTemporaryFile(dir=incoming, delete=False)  # noqa: SIM115  (closed below)
        with file:
            try:
                digest, size = _write(file, _capped(blocks, limit))
                if expected not in (None, digest):
                    raise BadInput("The bytes changed on their way.", [Problem("sha256", str(expected), digest)])
                return self._keep(project_id, Path(file.name), digest, size)
            finally:
                Path(file.name).unlink(missing_ok=True)

    def _keep(self, project_id: int, incoming: Path, sha256: str, size: int) -> Stored:
        target = self.path(project_id, sha256)
        if target.exists():
            return Stored(sha256, size, is_new=False)
        target.parent.mkdir(parents=True, exist_ok=True)
        incoming.replace(target)
        _fsync_folder(target.parent)
        return Stored(sha256, size, is_new=True)

    def delete(self, project_id: int, sha256: str) -> None:
        """Remove these bytes; no error if they are gone already."""
        self.path(project_id, sha256).unlink(missing_ok=True)


def _capped(blocks: Iterable[bytes], limit: int | None) -> Iterator[bytes]:
    total = 0
    for block in blocks:
        total += len(block)
        if limit is not None and total > limit:
            told = f"The recording is larger than {limit:,} bytes, the most a recording may have."
            raise TooLarge(f"{told} Send it compressed, as FLAC or Opus.")
        yield block


def _write(file: "tempfile._TemporaryFileWrapper[bytes]", blocks: Iterable[bytes]) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    with ThreadPoolExecutor(max_workers=1) as beside:  # hashing takes as long as writing, and neither holds the GIL
        for block in blocks:
            hashed = beside.submit(digest.update, block)
            with _disk(Path(file.name)):
                size += file.write(block)
            hashed.result()
    with _disk(Path(file.name)):
        file.flush()
        os.fsync(file.fileno())
    return digest.hexdigest(), size


@contextmanager
def _disk(path: Path) -> Iterator[None]:
    """Faults of our own disk, told apart from a sender who hangs up."""
    try:
        yield
    except OSError as error:
        raise SetupError(
            f"Cannot write to {path.parent}: {error.strerror}.", "Free space, or set EVALHUB_DATA."
        ) from error


def _fsync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
