"""What a model that listens gets to hear, and what of its answers counts."""

import base64
import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from evalhub.answers import NotTheAskedJson
from evalhub.audio.decode import probe
from evalhub.audio.listening.answers import decide, read_answers
from evalhub.audio.listening.asking import listener
from evalhub.audio.listening.excerpts import AROUND_MS, around, as_wav, cut
from evalhub.audio.listening.heard_turns import HeardTurn, heard_turns, spread, with_most_digits
from evalhub.audio.listening.prompt import messages_of
from evalhub.audio.listening_judge import ListeningJudge
from evalhub.audio.tracks import tracks_of
from evalhub.evaluators import Outcome, run
from evalhub.models import Criterion, PromptVersion, Recording
from evalhub.rubrics import load_library, to_version
from evalhub.settings import Settings
from tests.factories import make_conversation
from tests.pure.audio.calls import AGENT, clean_tracks, make_call, make_context, make_turns
from tests.pure.audio.sound import RATE, write

RUBRIC = to_version(load_library()["customer_service"], 1)
NATURAL = next(one for one in RUBRIC.criteria if one.key == "sounds_natural")
TURNS = [HeardTurn(turn_id=f"t{at}", interval=(at * 10_000, at * 10_000 + 5000)) for at in range(20)]
LIMITS: dict[str, Any] = {"most": 8, "seconds": 90.0, "turn_seconds": 20.0}


def ids(turns: list[HeardTurn]) -> list[str]:
    return [turn.turn_id for turn in turns]


@pytest.mark.parametrize("rate", [8000, 16_000, 48_000])
@pytest.mark.parametrize("stretch", [(0, 700), (4900, 5100), (9990, 15_010), (21_000, 99_000)])
def test_a_cut_is_that_stretch_of_that_channel(tmp_path: Path, rate: int, stretch: tuple[int, int]) -> None:
    """The sample's number is its value: what was cut says itself where it lay. Block borders lie at 5 s, 10 s, ..."""
    ramp = np.linspace(-0.9, 0.9, 23 * rate, dtype=np.float32)
    source = probe(write(tmp_path / "a.wav", np.zeros_like(ramp), ramp, rate=rate, subtype="FLOAT"))
    [piece] = cut(source, 1, [stretch])
    start, end = stretch[0] / 1000, min(stretch[1] / 1000, 23)
    assert len(piece) == pytest.approx((end - start) * source.speech_rate, abs=2)
    heard_at = (piece / 1.8 + 0.5) * 23
    middle = heard_at[200:-200]
    assert middle == pytest.approx(np.linspace(start, end, len(piece))[200:-200], abs=0.02)


def test_several_cuts_take_one_pass_and_may_overlap(tmp_path: Path) -> None:
    ramp = np.linspace(-0.9, 0.9, 12 * RATE, dtype=np.float32)
    source = probe(write(tmp_path / "a.wav", ramp, subtype="FLOAT"))
    late, early, beyond = cut(source, 0, [(6000, 9000), (1000, 7000), (20_000, 21_000)])
    assert (len(late), len(early), len(beyond)) == (3 * RATE, 6 * RATE, 0)
    assert late[: 1 * RATE] == pytest.approx(early[5 * RATE :])


def test_a_piece_is_sound_that_any_server_reads() -> None:
    samples = np.sin(np.arange(8000) / 10).astype(np.float32) * 0.5
    decoded, rate = soundfile.read(io.BytesIO(base64.b64decode(as_wav(samples, 8000))))
    assert rate == 8000
    assert decoded == pytest.approx(samples, abs=1e-4)


def test_a_long_turn_is_cut_and_an_offset_is_taken_off() -> None:
    assert around((10_000, 60_000), 2000, 20.0) == (8000 - AROUND_MS, 28_000 + AROUND_MS)
    assert around((50, 1000), 0, 20.0) == (0, 1000 + AROUND_MS)


def test_first_last_and_evenly_between() -> None:
    chosen = ids(spread(TURNS, **LIMITS))
    assert (chosen[0], chosen[-1], len(chosen)) == ("t0", "t19", 8)
    assert ids(spread(TURNS[:3], **LIMITS)) == ["t0", "t1", "t2"]
    assert ids(spread([], **LIMITS)) == []


def test_a_budget_of_seconds_keeps_the_ends() -> None:
    assert ids(spread(TURNS, **LIMITS | {"seconds": 11.0})) == ["t0", "t19"]
    assert ids(spread(TURNS, **LIMITS | {"seconds": 1.0})) == ["t0"]


def test_turns_with_codes_come_first_where_codes_are_asked_for() -> None:
    said = {"t3": "Order A12345.", "t9": "At 10:15.", "t11": "Sure!"}
    turns = [HeardTurn(turn_id=one.turn_id, interval=one.interval, text=said.get(one.turn_id)) for one in TURNS]
    assert ids(with_most_digits(turns, **LIMITS)) == ["t3", "t9"]
    assert ids(with_most_digits(turns, **LIMITS | {"most": 1})) == ["t3"]
    assert ids(with_most_digits([one for one in turns if one.turn_id == "t11"], **LIMITS)) == ["t11"]


def test_a_turn_is_its_sound_with_the_words_around_it(tmp_path: Path) -> None:
    turns = make_turns()
    for turn in turns:
        turn.text = f"{turn.speaker} says {turn.id}"
    turns[2].heard_text, turns[2].interrupted = "agent says", True
    call = make_call(tmp_path / "a.wav", *clean_tracks(), turns=turns)
    tracks = tracks_of(call, make_context())
    heard = heard_turns(call, tracks, tracks.by_role["agent"])
    assert [one.interval for one in heard] == [pytest.approx(interval, abs=100) for interval in AGENT]
    assert (heard[0].caller_said, heard[0].answered_after_ms) == (None, None)
    assert (heard[1].text, heard[1].caller_said, heard[1].interrupted) == ("agent says", "caller says t2", True)
    assert heard[1].answered_after_ms == pytest.approx(800, abs=60)


def request(shown: str) -> dict[str, Any]:
    criteria = [one for one in RUBRIC.criteria if one.shown == shown and one.modality != "transcript"]
    turn = HeardTurn(turn_id="t2", interval=(1000, 3000), text="Code A1.", caller_said="My dog died.")
    call = make_conversation(prompt=PromptVersion(voice_style={"demeanor": "calm"}, instructions="Be Iris."))
    system, user = messages_of(call, criteria, [turn], {"t2": "AAAA"}, turn_seconds=20)
    return {"system": system["content"], "user": user["content"], "criteria": criteria}


@pytest.mark.parametrize(
    ("shown", "told", "withheld"),
    [
        ("nothing", [], ["Code A1", "My dog died", "calm", "Iris"]),
        ("moment", ["My dog died", "calm", "Iris"], ["Code A1"]),
        ("text", ["Code A1"], ["My dog died", "calm", "Iris"]),
    ],
)
def test_beside_the_sound_stands_only_what_the_question_needs(shown: str, told: list[str], withheld: list[str]) -> None:
    asked = request(shown)
    texts = " ".join(part["text"] for part in asked["user"] if part["type"] == "text") + asked["system"]
    assert [word for word in told if word not in texts] == []
    assert [word for word in withheld if word in texts] == []


def test_every_ready_scorecard_asks_something_of_each_kind() -> None:
    for definition in load_library().values():
        asked = {one.shown for one in definition.criteria if one.modality != "transcript"}
        assert asked == {"nothing", "moment", "text"}


def test_the_sound_follows_its_turn_and_the_scorecard_is_the_same_for_every_call() -> None:
    asked = request("nothing")
    about, sound, closing = asked["user"]
    assert json.loads(about["text"]) == {"turn": "t2", "at_s": 1.0, "lasts_s": 2.0}
    assert sound == {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}}
    assert "as JSON" in closing["text"]
    for criterion in asked["criteria"]:
        assert all(f"- {example}" in asked["system"] for example in criterion.is_fail + criterion.is_not_fail)


def answer(**changes: Any) -> dict[str, Any]:
    one = {"heard": [{"turn_id": "t1", "what": "it clicks"}], "applicable": True, "verdict": "fail"}
    return one | {"explanation": "It clicks."} | changes


def read(given: Any, criterion: Criterion = NATURAL) -> Any:
    return read_answers(json.dumps({criterion.key: given}), [criterion])[criterion.key]


def test_a_verdict_carries_turn_and_time_from_code() -> None:
    score = decide(NATURAL, read(answer()), TURNS, {"judge_version": "x"})
    assert (score.metric, score.value, score.verdict) == ("criterion.sounds_natural", 0.0, "fail")
    assert score.evidence == [
        {"start_ms": 10_000, "end_ms": 15_000, "channel": "agent", "turn_id": "t1", "heard": "it clicks"}
    ]
    assert (score.basis, score.policy) == ("audio", {"judge_version": "x"})


@pytest.mark.parametrize(
    ("changes", "doubt"),
    [
        ({"heard": []}, "no evidence"),
        ({"heard": [{"turn_id": "t99", "what": "x"}]}, "did not hear"),
        ({"heard": [{"turn_id": "t1", "what": "x"}, {"turn_id": "T1", "what": "x"}]}, "did not hear"),
        ({"verdict": "unsure", "heard": []}, "It clicks"),
    ],
)
@pytest.mark.parametrize("verdict", ["pass", "fail"])
def test_doubt_is_unsure_never_a_pass(changes: dict[str, Any], doubt: str, verdict: str) -> None:
    score = decide(NATURAL, read(answer(verdict=verdict) | changes), TURNS, {})
    assert (score.value, score.verdict) == (None, "unsure")
    assert doubt in (score.reason or "")


def test_what_does_not_apply_needs_no_evidence_unless_it_always_applies() -> None:
    assert decide(NATURAL, read(answer(applicable=False, heard=[])), TURNS, {}).verdict == "na"
    always = Criterion(key="a", title="A", question="A?", allow_na=False, modality="audio")
    assert decide(always, read(answer(applicable=False), always), TURNS, {}).verdict == "unsure"


def test_a_graded_criterion_gives_its_level() -> None:
    levels = [{"value": value, "label": str(value)} for value in (1, 2, 3)]
    graded = Criterion(key="a", title="A", question="A?", type="ordinal", levels=levels, modality="audio")
    score = decide(graded, read(answer(verdict=2), graded), TURNS, {})
    assert (score.value, score.label, score.verdict) == (2.0, 2, None)


@pytest.mark.parametrize("fence", ["{}", "```json\n{}\n```", "```\n{}```"])
def test_a_fence_around_the_json_is_no_fault(fence: str) -> None:
    text = fence.replace("{}", json.dumps({"sounds_natural": answer()}))
    assert read_answers(text, [NATURAL])["sounds_natural"].verdict == "fail"


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (None, "is missing"),
        (answer(verdict="FAIL"), "not one of pass, fail, unsure"),
        (answer(verdict=True), "not one of"),
        (answer(applicable="yes"), "neither true nor false"),
        (answer(heard="t1"), "no list"),
        (answer(heard=[{"turn_id": 1, "what": "x"}]), "no list"),
    ],
)
def test_another_shape_is_no_answer(given: Any, why: str) -> None:
    with pytest.raises(NotTheAskedJson, match=why):
        read(given)


def outcome(call: Any, **shared: Any) -> Outcome:
    context = make_context(**shared)
    context.rubric = RUBRIC
    return run(ListeningJudge(), call, context)


def test_without_a_model_it_is_blocked_with_the_mend(tmp_path: Path) -> None:
    found = outcome(make_call(tmp_path / "a.wav", *clean_tracks()))
    assert (found.status, found.reason_code) == ("blocked", "listener_not_connected")
    assert "EVALHUB_LISTENING_MODEL" in (found.reason or "")


@pytest.mark.parametrize(
    ("env", "url", "key"),
    [
        ({"OPENAI_API_KEY": "sk"}, None, "sk"),
        ({"EVALHUB_JUDGE_URL": "http://judge/v1"}, "http://judge/v1", None),
        ({"OPENAI_API_KEY": "sk", "EVALHUB_LISTENING_API_KEY": "ears"}, None, "ears"),
        ({"OPENAI_API_KEY": "sk", "EVALHUB_LISTENING_URL": "http://ears/v1"}, "http://ears/v1", None),
    ],
)
def test_a_key_goes_only_to_the_server_it_is_meant_for(env: dict[str, str], url: str | None, key: str | None) -> None:
    asked = listener(Settings.from_env(env | {"EVALHUB_LISTENING_MODEL": "ears", "EVALHUB_JUDGE_MODEL": "reader"}))
    assert (asked.judge_model, asked.judge_url, asked.judge_api_key) == ("ears", url, key)


def test_without_sound_it_does_not_apply() -> None:
    assert outcome(make_conversation()).reason_code == "no_audio"


@pytest.mark.parametrize(
    ("kind", "code"), [("mixed", "no_agent_track"), ("swapped", "recording_not_usable"), ("caller", "no_agent_track")]
)
def test_what_may_not_be_the_agent_is_not_judged(tmp_path: Path, kind: str, code: str) -> None:
    caller, agent = clean_tracks()
    sides = {"mixed": [caller + agent], "swapped": [agent, caller], "caller": [caller]}[kind]
    track = {"mixed": "mixed", "swapped": "stereo", "caller": "caller"}[kind]
    call = make_call(
        tmp_path / "a.wav", *sides, recordings=[Recording(track=track, path=str(tmp_path / "a.wav"), offset_ms=0)]
    )
    context = make_context()
    context.rubric = RUBRIC
    context.settings = replace(context.settings, listening_model="ears", listening_url="http://127.0.0.1:9/v1")
    assert run(ListeningJudge(), call, context).reason_code == code
