"""Where an answer's latency went."""

import pytest

from evalhub.models import Conversation, StageTiming
from evalhub.reports.waterfall import waterfalls


def call(**stages):
    timings = [StageTiming(id=stage, turn_id="t2", stage=stage, ms=ms) for stage, ms in stages.items()]
    return Conversation(id="c", stage_timings=timings)


def test_stages_lie_end_to_end_and_the_rest_is_named():
    [*known, rest] = waterfalls(call(llm_first_token=300, stt=100), {"t2": 500})["t2"]
    assert [(bar.stage, bar.at, bar.width) for bar in known] == [("stt", 0, 0.2), ("llm_first_token", 0.2, 0.6)]
    assert (rest.stage, rest.ms, rest.at) == ("unexplained", 100, pytest.approx(0.8))


def test_stages_beside_each_other_leave_nothing_unexplained():
    bars = waterfalls(call(stt=400, llm_first_token=400), {"t2": 500})["t2"]
    assert [(bar.stage, bar.width) for bar in bars] == [("stt", 0.5), ("llm_first_token", 0.5)]


def test_without_a_heard_latency_nothing_is_unexplained():
    assert [bar.stage for bar in waterfalls(call(stt=100), {})["t2"]] == ["stt"]


def test_a_turn_without_stages_has_no_bars():
    assert waterfalls(call(), {"t2": 500}) == {}
