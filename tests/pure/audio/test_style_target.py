"""What the words of a voice style ask for."""

import pytest

from evalhub.audio.style_target import DEMEANORS, LEVELS, style_targets
from evalhub.audio.tone import SCALES, positions


def band(scale: str, **style: str) -> tuple[float, float] | None:
    target = style_targets(style).get(scale)
    return (target.low, target.high) if target else None


def test_levels_are_bands_on_their_own_scale() -> None:
    assert band("energy", energy="low") == (0.0, 0.5)
    assert band("expressiveness", expressiveness="medium") == (0.2, 0.8)
    assert band("pace", pacing="brisk") == (0.45, 1.0)


def test_what_is_said_of_a_scale_counts_before_what_a_demeanor_implies() -> None:
    assert band("expressiveness", demeanor="upbeat", expressiveness="low") == (0.0, 0.5)
    assert band("expressiveness", demeanor="upbeat") == (0.4, 1.0)


def test_bands_that_are_asked_for_together_overlap() -> None:
    target = style_targets({"demeanor": "calm", "tone": "warm"})["expressiveness"]
    assert (target.low, target.high, target.words) == (0.2, 0.8, ("calm", "warm"))
    bands = [*LEVELS.values(), *(scales["energy"] for scales in DEMEANORS.values() if "energy" in scales)]
    assert max(band[0] for band in bands) < min(band[1] for band in bands)


def test_energy_needs_expressiveness() -> None:
    assert band("expressiveness", energy="high") == (0.3, 1.0)
    assert band("expressiveness", energy="low") is None


@pytest.mark.parametrize("words", ["not too lively", "never excited", "no upbeat manner"])
def test_what_is_denied_is_not_asked_for(words: str) -> None:
    assert band("energy", demeanor=words) is None


def test_unknown_words_and_no_style_ask_for_nothing() -> None:
    assert style_targets(None) == {}
    assert style_targets({"demeanor": "like a pirate", "energy": "purple"}) == {}


def test_positions_lie_between_their_anchors() -> None:
    at_zero = {name: ramp.at_zero for ramps in SCALES.values() for name, ramp in ramps.items()}
    at_one = {name: ramp.at_one for ramps in SCALES.values() for name, ramp in ramps.items()}
    assert {one.value for one in positions(at_zero).values() if one} == {0.0}
    assert {one.value for one in positions(at_one).values() if one} == {1.0}
    beyond = {name: 2 * ramp.at_one - ramp.at_zero for ramps in SCALES.values() for name, ramp in ramps.items()}
    assert {one.value for one in positions(beyond).values() if one} == {1.0}


def test_a_scale_needs_all_its_features() -> None:
    found = positions({"f0_sd_st": 2.5})
    assert found["energy"] is None
    assert found["expressiveness"] is not None
    assert found["expressiveness"].value == 0.5
