"""The turn-taking evaluator on conversations whose numbers can be worked out by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalhub.audio.scoring import percentile, wilson
from evalhub.audio.turn_taking import OF_CALL, TurnTaking
from evalhub.evaluators import run
from evalhub.models import StageTiming
from tests.factories import make_conversation, make_recording, make_tool_call, make_turn
from tests.pure.audio.calls import make_context, make_talk, of_call, of_turns, scores

CALLER = [(2000, 4000), (8000, 9000), (14_000, 15_000), (20_000, 20_500)]
AGENT = [(500, 1500), (4800, 7000), (10_000, 13_000), (17_000, 19_000), (21_500, 23_000)]


def test_latencies_by_turn_and_as_percentiles() -> None:
    rows = scores(TurnTaking(), make_talk(CALLER, AGENT, end_ms=24_000))
    assert of_turns(rows, "turn_latency_ms") == {"t3": 800, "t5": 1000, "t7": 2000, "t9": 1000}
    call = of_call(rows)
    assert [call[f"turn_latency_ms.{share}"].value for share in ("p50", "p90", "p95", "p99")] == [
        1000,
        1700,
        1850,
        1970,
    ]
    assert call["turn_latency_ms.p95"].verdict == "pass"
    assert call["response_rate"].value == 1.0
    assert call["greeting_ms"].value == 500


def test_every_row_names_contract_basis_and_policy() -> None:
    rows = scores(TurnTaking(), make_talk(CALLER, AGENT))
    assert {(row.contract, row.basis) for row in rows} == {("1", "events")}
    assert of_call(rows)["turn_latency_ms.p50"].policy["deadline_ms"] == 5000
    assert set(OF_CALL) <= set(of_call(rows))


def test_slow_answers_fail() -> None:
    p95 = of_call(scores(TurnTaking(), make_talk([(0, 1000)], [(4500, 5000)])))["turn_latency_ms.p95"]
    assert (p95.value, p95.verdict) == (3500, "fail")
    assert p95.explanation == "slow answers: p95 3.5 s, target 3.0 s"
    assert p95.evidence == [{"start_ms": 1000, "end_ms": 4500, "channel": "agent", "turn_id": "t2"}]


def test_answers_after_a_tool_are_counted_apart() -> None:
    call = make_tool_call(start_ms=9100, end_ms=9800)
    rows = of_call(scores(TurnTaking(), make_talk(CALLER, AGENT, tool_calls=[call])))
    assert rows["turn_latency_ms.with_tool.p50"].value == 1000
    assert rows["turn_latency_ms.with_tool.p50"].counts == {"n": 1}
    assert rows["turn_latency_ms.without_tool.p50"].value == 1000
    assert rows["turn_latency_ms.without_tool.p50"].counts == {"n": 3}


def test_silence_is_dead_air_unless_a_tool_works() -> None:
    call = make_tool_call(start_ms=3000, end_ms=9000)
    rows = of_call(scores(TurnTaking(), make_talk([(0, 1000)], [(16_000, 20_000)], end_ms=21_000, tool_calls=[call])))
    assert rows["tool_silence_ms"].value == 6000
    assert rows["dead_air_ms.total"].value == 2000 + 7000 + 1000
    assert (rows["dead_air_ms.longest"].value, rows["dead_air_ms.longest"].label) == (7000, "warn")


@pytest.mark.parametrize(
    ("start", "verdict", "label"), [(4999, "pass", None), (5000, "pass", "warn"), (11_000, "fail", "fail")]
)
def test_dead_air_warns_from_4_s_and_fails_from_10_s(start: int, verdict: str, label: str | None) -> None:
    longest = of_call(scores(TurnTaking(), make_talk([(0, 1000)], [(start, 20_000)], end_ms=20_000)))[
        "dead_air_ms.longest"
    ]
    assert (longest.verdict, longest.label) == (verdict, label)
    assert longest.evidence == [{"start_ms": 1000, "end_ms": start}]


def test_overlap_and_talk_ratio_read_the_raw_intervals() -> None:
    rows = of_call(scores(TurnTaking(), make_talk([(0, 3000)], [(2000, 5000), (6000, 9000)], end_ms=9000)))
    assert rows["overlap_ms"].value == 1000
    assert rows["talk_ratio"].value == pytest.approx(6000 / 9000, abs=1e-4)
    assert rows["agent_interruptions_per_turn"].value == 1.0


def test_giving_way_to_the_caller() -> None:
    rows = scores(TurnTaking(), make_talk([(2000, 4000), (12_000, 15_000)], [(0, 2300), (10_000, 14_500)]))
    assert of_turns(rows, "yield_ms") == {"t2": 300, "t4": 2500}
    rate = of_call(rows)["yield_rate"]
    assert (rate.value, rate.verdict, rate.counts["n"], rate.counts["yielded"]) == (0.5, "fail", 2, 1)


@pytest.mark.parametrize(
    ("agent", "rate"),
    [
        ([(0, 2500), (5000, 6000)], 1.0),
        ([(0, 2500), (4500, 6000)], 0.0),
        ([(0, 3001), (9000, 9500)], 0.0),
        ([(0, 6000)], 0.0),
    ],
)
def test_a_false_stop_is_a_stop_within_1_s_that_is_not_taken_back_within_2_s(
    agent: list[tuple[int, int]], rate: float
) -> None:
    kinds = {"t2": "backchannel"}
    assert of_call(scores(TurnTaking(), make_talk([(2000, 2200)], agent, kinds=kinds)))["false_stop_rate"].value == rate


def test_without_kinds_false_stops_are_not_measurable() -> None:
    row = of_call(scores(TurnTaking(), make_talk([(2000, 2200)], [(0, 2500), (6000, 7000)])))["false_stop_rate"]
    assert (row.value, row.reason) == (None, "not measurable: caller segments without a kind")


def test_annotated_intervals_come_before_the_turns_times() -> None:
    talk = make_talk([(0, 1000)], [(1500, 2000)], voiced={"caller": [[0, 900]], "agent": [[1600, 2000]]})
    rows = scores(TurnTaking(), talk)
    assert of_turns(rows, "turn_latency_ms") == {"t2": 700}
    assert of_turns(rows, "reported_gap_ms") == {"t2": 200}
    assert {row.basis for row in rows} == {"annotated"}


def test_without_turns_a_row_is_named_by_its_moment() -> None:
    talk = make_conversation(turns=[], voiced={"caller": [[0, 900]], "agent": [[1600, 2000]]})
    assert of_turns(scores(TurnTaking(), talk), "turn_latency_ms") == {"agent@1600": 700}


def test_stages_sum_to_the_heard_latency() -> None:
    spent = {"stt": 100.0, "llm_first_token": 300.0}
    timings = [StageTiming(id=stage, turn_id="t2", stage=stage, ms=ms) for stage, ms in spent.items()]
    rows = scores(TurnTaking(), make_talk([(0, 1000)], [(1700, 2500)], stage_timings=timings))
    assert of_turns(rows, "stage_ms.stt") == {"t2": 100}
    assert of_turns(rows, "stage_ms.unexplained") == {"t2": 300}
    [unexplained] = [row for row in rows if row.metric == "stage_ms.unexplained"]
    assert unexplained.label["tts_first_byte"] is None


@pytest.mark.parametrize(
    ("fields", "text", "source"),
    [
        ({"heard_text": "I can"}, "I can", "reported"),
        ({"extra": {"heard_ms": 500, "heard_source": "truncate"}}, "I can", "truncate"),
        ({}, "I can book that", "voiced_time"),
    ],
)
def test_heard_text_names_its_source(fields: dict[str, object], text: str, source: str) -> None:
    whole = make_turn(id="t1", start_ms=0, end_ms=1000, text="0123456789")
    cut = make_turn(id="t2", start_ms=2000, end_ms=3500, text="I can book that for you", interrupted=True, **fields)
    caller = make_turn(id="t3", speaker="caller", start_ms=3400, end_ms=5000)
    rows = scores(TurnTaking(), make_conversation(turns=[whole, cut, caller]))
    [row] = [row for row in rows if row.metric == "heard_text"]
    assert (row.subject_id, row.label, row.policy["source"]) == ("t2", text, source)


stretch = st.tuples(st.integers(0, 39), st.integers(1, 10)).map(lambda one: (one[0] * 250, sum(one) * 250))


@given(
    st.lists(stretch, min_size=1, max_size=6), st.lists(stretch, min_size=1, max_size=6), st.lists(stretch), st.data()
)
def test_whatever_the_times_are_every_row_is_whole_and_there_is_one_of_each(
    caller: list[tuple[int, int]], agent: list[tuple[int, int]], heard: list[tuple[int, int]], data: st.DataObject
) -> None:
    kinds = {f"t{at}": data.draw(st.sampled_from(("turn", "noise", "farewell", None))) for at in range(1, 13)}
    voiced = data.draw(st.sampled_from((None, {"caller": heard, "agent": agent})))
    rows = scores(TurnTaking(), make_talk(caller, agent, end_ms=None, kinds=kinds, voiced=voiced))
    assert len({(row.metric, row.subject_type, row.subject_id) for row in rows}) == len(rows)
    assert all((row.value is None) == (row.reason is not None) for row in rows)
    assert all(
        0 <= row.value <= 1 for row in rows if row.unit is None and row.value is not None and "per" not in row.metric
    )


def test_nothing_known_is_skipped_and_a_promised_recording_waited_for() -> None:
    skipped = run(TurnTaking(), make_conversation(turns=[]), make_context())
    assert (skipped.status, skipped.reason_code) == ("skipped", "no_times")
    promised = make_talk([(0, 1000)], [(1500, 2000)], recordings=[make_recording()])
    assert run(TurnTaking(), promised, make_context()).reason_code == "waiting_for_recording"
    assert of_turns(scores(TurnTaking(), promised, recordings_final=True), "turn_latency_ms") == {"t2": 500}


def test_percentiles_interpolate_and_rates_have_a_wilson_interval() -> None:
    assert [percentile([1, 2, 3, 4], share) for share in (0, 0.5, 1)] == [1, 2.5, 4]
    assert wilson(9, 10) == {"low": 0.5958, "high": 0.9821}
    assert wilson(0, 0) == {}
