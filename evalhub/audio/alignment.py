"""Does the sound lie where the events say? Lag, swap and drift between voiced intervals and the turns' times.

Both are drawn as one line on a 20-ms grid, +1 where the caller speaks and -1 where the agent does, and correlated at
every lag: a high peak is the lag, a deep trough means that caller and agent changed places.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evalhub.audio.arrays import Floats, Ints
from evalhub.audio.intervals import Interval, intersection, shifted

GRID_MS = 20
LONGEST_LAG_MS = 30_000
FAR_MS = 3_600_000
"""what begins later than this is drawn from there on: no grid is as long as what a client says of its clock"""
SAME = 0.02
"""lags whose correlation is within this of the best are equally good: events are looser than sound"""
WINDOW_TURNS, FEWEST_WINDOWS = 3, 4
WINDOW_REACH_MS = 3000
GOOD = 0.6
STEADY = 6
"""lags that stray further from their line than this part of what it gains are no steady drift"""

Window = list[tuple[Interval, int]]
"""a few turns in a row, each with its side: 0 caller, 1 agent"""


@dataclass(frozen=True)
class Sides:
    """Who spoke when; one of the two may be empty where only one track is looked at."""

    caller: list[Interval]
    agent: list[Interval]

    def line(self, length_ms: int) -> Floats:
        line = np.zeros(length_ms // GRID_MS + 1, np.float32)
        for sign, intervals in ((1, self.caller), (-1, self.agent)):
            for start, end in intervals:
                line[max(0, start) // GRID_MS : max(0, end) // GRID_MS] += sign
        return line if self.caller and self.agent else line - line.mean()

    def stretched(self, ratio: float) -> Sides:
        return Sides(*([(int(a * ratio), int(b * ratio)) for a, b in one] for one in self.both))

    def part(self, start: int, end: int, lag_ms: int) -> Sides:
        """What lies between two times, shifted back by `lag_ms` and counted from `start`."""
        sides = (shifted(intersection(one, [(start + lag_ms, end + lag_ms)]), -lag_ms - start) for one in self.both)
        return Sides(*sides)

    @property
    def both(self) -> tuple[list[Interval], list[Interval]]:
        return self.caller, self.agent

    @property
    def start_ms(self) -> int:
        return min((start for start, _ in self.caller + self.agent), default=0)

    @property
    def end_ms(self) -> int:
        return max((end for _, end in self.caller + self.agent), default=0)


@dataclass(frozen=True)
class Fit:
    """The best lag of the sound behind the events, and how well it fits (-1 to 1)."""

    lag_ms: int
    rho: float

    def later(self, ms: int) -> Fit:
        return Fit(self.lag_ms + ms, self.rho)


def fit(sound: Sides, events: Sides, *, around_ms: int = 0, reach_ms: int = LONGEST_LAG_MS, sign: int = 1) -> Fit:
    """The lag at which sound and events agree best (`sign` -1: with caller and agent exchanged)."""
    lags, rho = _correlation(sound, events)
    near = np.abs(lags - around_ms) <= reach_ms
    lags, rho = lags[near], sign * rho[near]
    if not rho.size:
        return Fit(around_ms, 0.0)
    good = lags[rho >= rho.max() - SAME]
    return Fit(int(good[np.abs(good - around_ms).argmin()]), float(rho.max()))


@dataclass(frozen=True)
class Drift:
    """A lag that grows: in ms at the start, and gained per ms."""

    start_ms: float
    slope: float

    def undone(self, sound: Sides) -> Sides:
        """The sound as it would lie without it."""
        return Sides(*(shifted(one, -round(self.start_ms)) for one in sound.both)).stretched(1 / (1 + self.slope))


def drift_line(sound: Sides, events: Sides, lag_ms: int) -> Drift | None:
    """How the lag grows, from windows of a few turns each; None where that is unclear."""
    turns = sorted([(turn, 0) for turn in events.caller] + [(turn, 1) for turn in events.agent])
    windows = [turns[at : at + WINDOW_TURNS] for at in range(len(turns) - WINDOW_TURNS + 1)]
    fits = _followed(sound, windows, lag_ms)
    kept = [(_middle(window), one.lag_ms) for window, one in zip(windows, fits, strict=True) if one.rho >= GOOD]
    if len(kept) < max(FEWEST_WINDOWS, len(windows) // 2):
        return None
    at, lag = np.array(kept, float).T
    later, earlier = np.nonzero(at[:, None] > at[None, :])
    slope = float(np.median((lag[later] - lag[earlier]) / (at[later] - at[earlier])))
    start = float(np.median(lag - slope * at))
    off = np.median(np.abs(lag - start - slope * at))
    return Drift(start, slope) if off <= max(GRID_MS, abs(slope) * (at[-1] - at[0]) / STEADY) else None


def _followed(sound: Sides, windows: list[Window], lag_ms: int) -> list[Fit]:
    """The fit of each window, looked for around that of its neighbour: over a long call a lag may grow without bound.

    Begins where the common lag fits best and goes from there to both ends.
    """
    fits = [_window_fit(sound, window, lag_ms) for window in windows]
    if not fits:
        return fits
    best = max(range(len(fits)), key=lambda at: fits[at].rho)
    for way in (range(best, len(fits)), range(best, -1, -1)):
        around = fits[best].lag_ms
        for at in way:
            fits[at] = _window_fit(sound, windows[at], around)
            around = fits[at].lag_ms if fits[at].rho >= GOOD else around
    return fits


def _middle(window: Window) -> float:
    return (window[0][0][0] + window[-1][0][1]) / 2


def _window_fit(sound: Sides, window: Window, lag_ms: int) -> Fit:
    """The lag within one window, looked for around a lag."""
    base = window[0][0][0] - WINDOW_REACH_MS
    end = window[-1][0][1] + WINDOW_REACH_MS
    events = Sides(*([turn for turn, side in window if side == wanted] for wanted in (0, 1)))
    return fit(sound.part(base, end, lag_ms), events.part(base, end, 0), reach_ms=WINDOW_REACH_MS).later(lag_ms)


@dataclass(frozen=True)
class Turnover:
    """When caller and agent change places, and how well sound and events agree (0 to 1) before and after."""

    at_ms: int
    before: float
    after: float


def turnover(sound: Sides, events: Sides) -> Turnover:
    """The moment that parts sound which fits the events from sound that fits them exchanged, or the other way round."""
    x, y, first_ms = _lines(sound, events)
    agree, energy = np.cumsum(x * y), np.cumsum((x**2 + y**2) / 2)
    at = int(np.abs(2 * agree - agree[-1]).argmax())
    before = float(agree[at] / max(energy[at], 1))
    after = float((agree[-1] - agree[at]) / max(energy[-1] - energy[at], 1))
    return Turnover(first_ms + at * GRID_MS, before, after)


def _lines(sound: Sides, events: Sides) -> tuple[Floats, Floats, int]:
    """Both on one grid, and when that begins: with the call, unless something lies before it or all of it far after."""
    first = min(sound.start_ms, events.start_ms) // GRID_MS * GRID_MS
    if 0 <= first < FAR_MS:
        first = 0
    sound, events = (Sides(*(shifted(one, -first) for one in sides.both)) for sides in (sound, events))
    length = max(sound.end_ms, events.end_ms)
    return sound.line(length), events.line(length), first


def _correlation(sound: Sides, events: Sides) -> tuple[Ints, Floats]:
    """Normalised correlation of sound(t + lag) with events(t) over all lags."""
    from scipy import fft

    x, y, _ = _lines(sound, events)
    scale = float(np.sqrt((x**2).sum() * (y**2).sum()))
    if not scale:
        return np.zeros(0, np.intp), np.zeros(0)
    size = fft.next_fast_len(2 * len(x), real=True)
    product = fft.irfft(fft.rfft(x, size) * np.conj(fft.rfft(y, size)), size)
    steps = np.arange(-len(x) + 1, len(x))
    rho: Floats = product[steps] / scale
    return steps * GRID_MS, rho
