"""Rows of numbers laid aside while a recording is read: of hours they lie in a file without a name, not in memory."""

from __future__ import annotations

from tempfile import SpooledTemporaryFile
from weakref import finalize

import numpy as np

from evalhub.audio.arrays import Floats, Ints

IN_MEMORY = 1 << 20
"""bytes: calls of some minutes never touch the disk"""


class Aside:
    """Rows of one width and kind of number: added at the end, read by place."""

    def __init__(self, width: int, kind: type[np.floating]) -> None:
        self._empty: Floats = np.empty((0, width), kind)
        self._count = 0
        self._file = SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115
        finalize(self, self._file.close)  # with the last reference to it

    def add(self, rows: Floats) -> None:
        """More rows, (n, width)."""
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
        self._file.seek(start * row)
        found = np.frombuffer(self._file.read((end - start) * row), self._empty.dtype).reshape(-1, self._empty.shape[1])
        self._file.seek(self._count * row)
        return found
