"""Sound against events over many calls: loose times raise nothing, planted faults are found under loose times too."""

from collections.abc import Callable, Iterator

import numpy as np
import pytest

from evalhub.audio.alignment import Sides
from evalhub.audio.clocks import against_events
from evalhub.audio.intervals import shifted
from evalhub.audio.tracks import Track, Tracks
from evalhub.models import AudioAnalysis
from tests.factories import make_recording
from tests.pure.audio.made_calls import MadeCall, made_call

SEEDS = range(12)
Events = Callable[[np.random.Generator, MadeCall], Sides]


def exact(_: np.random.Generator, call: MadeCall) -> Sides:
    return Sides(call.caller, call.agent)


def voice_detector(draw: np.random.Generator, call: MadeCall) -> Sides:
    """The caller by a detector that waits before it decides, the agent by when sound was sent."""
    caller = [(a + draw.integers(100, 300), b + draw.integers(400, 900)) for a, b in call.caller]
    return Sides(caller, [(a - draw.integers(0, 250), b + draw.integers(-200, 200)) for a, b in call.agent])


def generation(draw: np.random.Generator, call: MadeCall) -> Sides:
    """An agent's turn that ends when its sound is made, long before it is played."""
    made = [(a, a + int((b - a) * draw.uniform(0.2, 0.6))) for a, b in call.agent]
    return Sides(voice_detector(draw, call).caller, made)


def final_transcripts(draw: np.random.Generator, call: MadeCall) -> Sides:
    """A caller's turn that begins when its transcript is there."""
    return Sides([(b + 300, b + draw.integers(400, 700)) for _, b in call.caller], call.agent)


def some_turns_lost(draw: np.random.Generator, call: MadeCall) -> Sides:
    sides = voice_detector(draw, call)
    return Sides(*([one for one in side if draw.random() > 0.25] for side in sides.both))


LOOSE = [voice_detector, generation, final_transcripts, some_turns_lost]


def tracks(sound: Sides) -> Tracks:
    analysis = AudioAnalysis(
        sha256="",
        state="ready",
        duration_ms=sound.end_ms + 1000,
        sample_rate=16_000,
        channel_count=2,
        voiced=[[list(one) for one in side] for side in sound.both],
        details={"has_header": True},
    )
    recording = make_recording()
    sides = enumerate(("caller", "agent"))
    return Tracks({role: Track(role=role, recording=recording, analysis=analysis, channel=at) for at, role in sides})


def found(events: Events, fault: Callable[[Sides], Sides], exchanges: int) -> Iterator[set[str]]:
    """The codes found in each of many calls."""
    for seed in SEEDS:
        call, draw = made_call(seed, exchanges), np.random.default_rng(seed)
        told, sound = events(draw, call), fault(Sides(call.caller, call.agent))
        turns = {"caller": told.caller, "agent": told.agent}
        yield {one.code for one in against_events(tracks(sound), turns, sound.end_ms + draw.integers(500, 1500))}


def nothing(sound: Sides) -> Sides:
    return sound


def swapped(sound: Sides) -> Sides:
    return Sides(sound.agent, sound.caller)


def later(sound: Sides) -> Sides:
    return Sides(*(shifted(one, 1_500) for one in sound.both))


def cut_in_front(sound: Sides) -> Sides:
    return Sides(*([one for one in shifted(side, -20_000) if one[0] > 0] for side in sound.both))


def too_slow(sound: Sides) -> Sides:
    return sound.stretched(1.01)


def too_fast(sound: Sides) -> Sides:
    return sound.stretched(0.98)


@pytest.mark.parametrize("events", [exact, *LOOSE])
@pytest.mark.parametrize("exchanges", [3, 6, 12])
def test_events_as_clients_write_them_are_no_fault(events: Events, exchanges: int) -> None:
    assert list(found(events, nothing, exchanges)) == [set()] * len(SEEDS)


@pytest.mark.parametrize("events", [exact, voice_detector, generation])
@pytest.mark.parametrize(("fault", "code"), [(swapped, "tracks_swapped"), (later, "offset"), (cut_in_front, "offset")])
def test_a_fault_is_found_beside_loose_times(events: Events, fault: Callable[[Sides], Sides], code: str) -> None:
    assert list(found(events, fault, 10)) == [{code}] * len(SEEDS)


@pytest.mark.parametrize("fault", [too_slow, too_fast])
@pytest.mark.parametrize("events", [exact, voice_detector])
def test_drift_is_followed_over_a_long_call(events: Events, fault: Callable[[Sides], Sides]) -> None:
    assert list(found(events, fault, 40)) == [{"drift"}] * len(SEEDS)
