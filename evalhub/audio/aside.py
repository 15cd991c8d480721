"""Rows of numbers laid aside while a recording is read: of hours they lie in a file without a name, not in memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from errno import EDQUOT, EFBIG, ENOSPC
from tempfile import SpooledTemporaryFile, gettempdir
from typing import IO
from weakref import finalize

import numpy as np

from evalhub.audio.arrays import Floats, Ints
from evalhub.errors import SetupError

IN_MEMORY = 1 << 20
"""bytes: calls of some minutes never touch the disk"""
FULL = (ENOSPC, EDQUOT, EFBIG)


class Aside:
    """Rows of one width and kind of number: added at the end, read by place."""

    def __init__(self, width: int, kind: type[np.floating]) -> None:
        self._empty: Floats = np.empty((0, width), kind)
        self._count = 0
        self._file = SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115
        finalize(self, _closed, self._file)  # with the last reference to it

    def add(self, rows: Floats) -> None:
        """More rows, (n, width).

        Raises:
            SetupError: there is no room for them, which reading may say too.
        """
        with told_if_full():
            self._file.write(rows.astype(self._empty.dtype, copy=False).tobytes())
        self._count += len(rows)

    def rows(self, which: slice | Ints = slice(None)) -> Floats:
        """These rows, (n, width), or all; places ascend."""
        if isinstance(which, slice):
            start, end, _ = which.indices(self._count)
            return self._between(start, end)
        if not which.size:
            return self._empty
        chosen: Floats = self._between(int(which[0]), int(which[-1]) + 1)[which - which[0]]
        return chosen

    def _between(self, start: int, end: int) -> Floats:
        row = self._empty.dtype.itemsize * self._empty.shape[1]
        with told_if_full():
            self._file.seek(start * row)  # writes what waits in a buffer
        found = np.frombuffer(self._file.read((end - start) * row), self._empty.dtype).reshape(-1, self._empty.shape[1])
        self._file.seek(self._count * row)
        return found


@contextmanager
def told_if_full() -> Iterator[None]:
    """Says of a temporary file that finds no room where that is, and what to do.

    Raises:
        SetupError: there is none.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in FULL:
            raise
        what = f"No room for temporary files in {gettempdir()} ({error.strerror})."
        raise SetupError(what, "Make room there, or name a larger folder in TMPDIR.") from error


def _closed(file: IO[bytes]) -> None:
    with suppress(OSError):  # what found no room is still in its buffer; the file is closed all the same
        file.close()
