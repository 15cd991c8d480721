"""How full the inbox and the disk are: past a limit, senders are asked to come back instead of memory growing."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from evalhub.models import InboxItem
from evalhub.models.inbox import WAITING

MOST_WAITING = 20_000
MOST_WAITING_BYTES = 2 << 30
LEAST_FREE_BYTES = 256 << 20


@dataclass(frozen=True, kw_only=True)
class Pressure:
    """Bodies that nobody has read yet, and what is left of the disk."""

    waiting: int
    waiting_bytes: int
    oldest_s: float
    free_bytes: int

    @property
    def refusal(self) -> str | None:
        """Why nothing more is taken right now; None while there is room."""
        if self.free_bytes < LEAST_FREE_BYTES:
            return (
                f"The disk is nearly full: of its last {LEAST_FREE_BYTES >> 20} MiB, {self.free_bytes >> 20} are left."
            )
        if self.waiting > MOST_WAITING or self.waiting_bytes > MOST_WAITING_BYTES:
            return f"{self.waiting} bodies wait to be read. Send again in a moment: nothing was kept of this one."
        return None


def measure(session: Session, folder: Path) -> Pressure:
    """As it is now. `folder` lies on the disk that matters."""
    age = func.extract("epoch", func.now() - func.min(InboxItem.received_at))
    size = func.coalesce(func.sum(InboxItem.body_bytes), 0)
    count, waiting_bytes, oldest = session.execute(
        select(func.count(), size, age).where(InboxItem.state == WAITING)
    ).one()
    there = next(path for path in (folder, *folder.parents) if path.exists())
    free = shutil.disk_usage(there).free
    return Pressure(waiting=count, waiting_bytes=int(waiting_bytes), oldest_s=float(oldest or 0), free_bytes=free)
