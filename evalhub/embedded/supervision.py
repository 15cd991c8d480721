"""Looking after a child: started again when it dies, later each time it dies young, until that is hopeless."""

import signal
import time
from collections.abc import Callable
from dataclasses import dataclass

from evalhub.embedded.processes import Child
from evalhub.errors import SetupError

STEADY_S = 30.0
TRIES = 5
FIRST_PAUSE_S = 0.25

OnEvent = Callable[[str, float], None]


@dataclass
class Watch:
    """One child and how it has been doing."""

    child: Child
    on_event: OnEvent
    deaths: int = 0
    """in a row, each soon after the start"""
    restart_at: float | None = None

    def look(self) -> None:
        """One look at the child.

        Raises:
            SetupError: it has died right after its start too many times in a row.
        """
        self.child.bound_log()
        if self.child.is_running:
            return
        if self.restart_at is None:
            self.restart_at = time.monotonic() + self._pause_after_death()
        if time.monotonic() >= self.restart_at:
            self.restart_at = None
            self.child.start()
            self.on_event(f"{self.child.name} started again", 0.0)

    def _pause_after_death(self) -> float:
        lived = time.monotonic() - self.child.started_at
        self.deaths = self.deaths + 1 if lived < STEADY_S else 1
        end = how_it_ended(self.child)
        self.child.finish()  # what is left of its group
        if self.deaths >= TRIES:
            mend = f"Its log ({self.child.log}) ends:\n{self.child.last_words()}"
            raise SetupError(f"{self.child.name} {end}, {TRIES} times in a row.", mend)
        self.child.note(f"{self.child.name} {end}; it is started again")
        return float(FIRST_PAUSE_S * 2**self.deaths) if lived < STEADY_S else 0.0


def how_it_ended(child: Child) -> str:
    """`ended with code 3` or `was ended by SIGKILL`."""
    code = child.process.returncode if child.process else None
    if code is not None and code < 0:
        return f"was ended by {signal.Signals(-code).name}"
    return f"ended with code {code}"
