"""Judge work: many evaluations at once in one event loop, because a judge is mostly waited for.

Each evaluation keeps its own row, lease, draw and failure. Rows are claimed, loaded and written by the batch in one
thread beside the loop; at most `judge_concurrency` are asked about at a time. Who is told to come back later (429)
makes the others wait too, and no attempt is used up by it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeVar
from uuid import uuid4

from evalhub import plugins
from evalhub.evaluations import judge_rows, rows
from evalhub.evaluations.judge_rows import Ask
from evalhub.evaluations.rows import Done
from evalhub.evaluations.running import RATE_LIMITED, evaluator_of
from evalhub.evaluators import Outcome, run_async
from evalhub.loops import finish
from evalhub.models import PENDING
from evalhub.openai_client.batched import sending
from evalhub.openai_client.connections import connections
from evalhub.services import Services

T = TypeVar("T")
POLL_S = 0.5
CLAIM_FACTOR = 2
"""of what may be asked about at a time, claimed at a time"""
WRITE_AT = 64
RENEW_S = 30.0


def judge_due(services: Services) -> int:
    """Run the judge evaluations that are due, of every project, until none is left. Returns how many ran."""
    plugins.evaluators()
    return finish(_Run(services).run())


@dataclass
class _Run:
    """One event loop's judging."""

    services: Services
    owner: str = field(default_factory=lambda: uuid4().hex)
    count: int = 0
    busy: int = 0
    is_over: bool = False
    wait_until: datetime | None = None
    done: list[Done] = field(default_factory=list)

    async def run(self) -> int:
        limit = self.services.settings.judge_concurrency
        self.queue: asyncio.Queue[Ask | None] = asyncio.Queue(limit)
        self.wake, self.rests = asyncio.Event(), asyncio.Event()
        with ThreadPoolExecutor(1, "judge-rows") as own, ThreadPoolExecutor(limit, "judge-blocking") as blocking:
            self.rows = own
            asyncio.get_running_loop().set_default_executor(blocking)
            async with connections(), asyncio.TaskGroup() as group:
                group.create_task(self._write_on())
                workers = [group.create_task(self._ask_on()) for _ in range(limit)]
                await self._feed(limit)
                await asyncio.gather(*workers)
                self.is_over = True
                self.wake.set()
        return self.count

    async def _feed(self, limit: int) -> None:
        """Keep as many ready as are being asked about; end when nothing is due and nobody is busy."""
        while True:
            claimed = await self._in_rows(judge_rows.claim, self.services, self.owner, CLAIM_FACTOR * limit)
            self.count += len(claimed.settled)
            for ask in claimed.asks:
                await self.queue.put(ask)
            if not claimed.asks and not claimed.settled:
                if self._is_resting():
                    break
                self.rests.clear()
                with suppress(TimeoutError):
                    await asyncio.wait_for(self.rests.wait(), POLL_S)
        for _ in range(limit):
            await self.queue.put(None)

    async def _ask_on(self) -> None:
        while ask := await self.queue.get():
            self.busy += 1
            with sending(ask.batched):
                outcome = self._held_back() or await run_async(
                    evaluator_of(ask.evaluation), ask.conversation, ask.context
                )
            self.busy -= 1
            self._finish(ask, outcome)

    def _is_resting(self) -> bool:
        """Whether nobody is asked and nobody waits to be."""
        return not self.busy and self.queue.empty()

    def _held_back(self) -> Outcome | None:
        if self.wait_until is None or datetime.now(UTC) >= self.wait_until:
            return None
        reason = "waits because the judge's server asked others to come back later"
        return Outcome(status=PENDING, reason_code=RATE_LIMITED, reason=reason, not_before=self.wait_until)

    def _finish(self, ask: Ask, outcome: Outcome) -> None:
        if outcome.reason_code == RATE_LIMITED and outcome.not_before:
            self.wait_until = max(outcome.not_before, self.wait_until or outcome.not_before)
        self.done.append(judge_rows.finished(ask, outcome))
        self.count += 1
        if self._is_resting():
            self.rests.set()
        if self._is_resting() or len(self.done) >= WRITE_AT:
            self.wake.set()

    async def _write_on(self) -> None:
        renewed = time.monotonic()
        while not self.is_over:
            with suppress(TimeoutError):
                await asyncio.wait_for(self.wake.wait(), POLL_S)
            self.wake.clear()
            await self._write()
            if time.monotonic() - renewed > RENEW_S:
                await self._in_rows(judge_rows.renew, self.services, self.owner)
                renewed = time.monotonic()
        await self._write()  # what was finished while the last was being written

    async def _write(self) -> None:
        done, self.done = self.done, []
        if done:
            await self._in_rows(rows.write, self.services, self.owner, done)

    async def _in_rows(self, work: Callable[..., T], *arguments: Any) -> T:
        """In the one thread that talks to the database."""
        return await asyncio.get_running_loop().run_in_executor(self.rows, partial(work, *arguments))
