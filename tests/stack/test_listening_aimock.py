"""The listening judge against an OpenAI-compatible server from another house: what it sends, what it believes."""

import base64
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from scipy.signal import correlate

from evalhub.audio.analysis import analyse_file
from evalhub.audio.listening.asking import check
from evalhub.audio.listening.excerpts import AROUND_MS
from evalhub.audio.listening_judge import ListeningJudge
from evalhub.costs import PriceTable, price_table
from evalhub.evaluators import Context, Outcome, run
from evalhub.models import AudioAnalysis, Conversation, Score
from evalhub.rubrics import load_library, to_version
from evalhub.settings import Settings
from tests.factories import make_recording
from tests.pure.audio.calls import AGENT, clean_tracks, make_call, make_context, make_turns
from tests.pure.audio.sound import RATE
from tests.stack.judge_server import Aimock, answering, running_aimock
from tests.stack.kept_bodies import passing_on

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("aimock")]

RUBRIC = to_version(load_library()["customer_service"], 1)
ASKED = {criterion.key: criterion for criterion in RUBRIC.criteria if criterion.modality != "transcript"}
GROUPS = len({criterion.shown for criterion in ASKED.values()})
FIRST_TURN = "t1"


@dataclass(frozen=True)
class Ears:
    """A server that hears, and every body it was sent."""

    aimock: Aimock
    url: str
    kept: list[dict[str, Any]]

    def answers(self, model: str, *responses: Any, **fixture: Any) -> None:
        self.aimock.answers(model, *responses, structured=False, **fixture)

    def requests(self, model: str) -> list[dict[str, Any]]:
        return [body for body in self.kept if body["model"] == model]


@pytest.fixture(scope="module")
def ears() -> Iterator[Ears]:
    with running_aimock() as aimock, passing_on(aimock.url) as (url, kept):
        yield Ears(aimock, url, kept)


@pytest.fixture(scope="module")
def call(tmp_path_factory: pytest.TempPathFactory) -> Conversation:
    turns = make_turns()
    for turn in turns:
        turn.text = f"Code {turn.id[1:]}." if turn.speaker == "agent" else "My parcel is lost."
    return make_call(tmp_path_factory.mktemp("call") / "call.flac", *clean_tracks(), turns=turns)


def answer(verdict: str = "pass", **changes: Any) -> dict[str, Any]:
    """Every criterion answered alike but for the changes."""
    heard = [{"turn_id": FIRST_TURN, "what": "an even voice"}]
    one = {"heard": heard, "applicable": True, "verdict": verdict, "explanation": "Because it was so."}
    return {key: one | changes.get(key, {}) for key in ASKED}


def settings(url: str, model: str) -> Settings:
    return Settings(data_dir=Path("/nonexistent"), listening_url=url, listening_model=model, listening_api_key="test")


@cache
def analysed(path: str) -> AudioAnalysis:
    return analyse_file(Path(path), make_recording(path=path))


def hearing(url: str, model: str, call: Conversation) -> Context:
    """What a worker hands a listener."""
    [recording] = call.recordings
    context = make_context()
    context.shared["analysed", recording.path] = analysed(recording.path or "")
    context.settings, context.rubric = settings(url, model), RUBRIC
    return context


def listen(url: str, model: str, call: Conversation, prices: PriceTable | None = None, **config: Any) -> Outcome:
    context = hearing(url, model, call)
    context.prices = prices
    return run(ListeningJudge(**config), call, context)


def judge(ears: Ears, model: str, call: Conversation, **config: Any) -> Outcome:
    return listen(ears.url, model, call, **config)


def verdicts(outcome: Outcome) -> dict[str, Score]:
    assert outcome.status == "done", outcome.reason
    found = [score for score in outcome.scores if score.metric.startswith("criterion.")]
    assert sorted(score.metric for score in found) == sorted(f"criterion.{key}" for key in ASKED)
    return {score.metric.removeprefix("criterion."): score for score in found}


def sounds(body: dict[str, Any]) -> dict[str, np.ndarray]:
    """The decoded sound of a request by the turn it follows."""
    found: dict[str, np.ndarray] = {}
    for before, part in zip(body["messages"][1]["content"], body["messages"][1]["content"][1:], strict=False):
        if part["type"] == "input_audio":
            assert part["input_audio"]["format"] == "wav"
            samples, rate = soundfile.read(io.BytesIO(base64.b64decode(part["input_audio"]["data"])), dtype="float32")
            assert rate == RATE
            found[json.loads(before["text"])["turn"]] = samples
    return found


def test_a_good_answer_becomes_scores_with_evidence(ears: Ears, call: Conversation) -> None:
    changes = {"said_as_meant": {"verdict": "fail"}, "names_pronounced": {"applicable": False, "heard": []}}
    usage = {"prompt_tokens": 900, "completion_tokens": 80}
    ears.answers("good", {"content": json.dumps(answer(**changes)), "usage": usage})
    outcome = judge(ears, "good", call)
    found = verdicts(outcome)
    assert (found["sounds_natural"].value, found["sounds_natural"].verdict) == (1.0, "pass")
    assert (found["said_as_meant"].value, found["names_pronounced"].verdict) == (0.0, "na")
    [evidence] = found["said_as_meant"].evidence
    assert (evidence["turn_id"], evidence["heard"]) == (FIRST_TURN, "an even voice")
    assert (evidence["start_ms"], evidence["end_ms"]) == pytest.approx(AGENT[0], abs=100)
    assert outcome.details["usage"] == {"input_tokens": 900 * GROUPS, "output_tokens": 80 * GROUPS}
    assert (outcome.details["model"], len(outcome.details["request_ids"])) == ("good", GROUPS)
    assert len({score.policy["judge_version"] for score in found.values()}) == 1
    [share] = [score for score in outcome.scores if score.metric == "listening_judge.heard"]
    assert (share.value, share.counts) == (1.0, {"turns": 5, "heard": 5})


def test_listening_costs_what_the_projects_own_prices_say(ears: Ears, call: Conversation) -> None:
    usage = {"prompt_tokens": 900, "completion_tokens": 80}
    ears.answers("priced", {"content": json.dumps(answer()), "usage": usage})
    own = """[[prices]]
    models = ["priced"]
    from = 2026-01-01
    per_unit = { input_tokens = 0.01, output_tokens = 0.02 }"""
    cost = judge(ears, "priced", call, prices=price_table(own)).details["cost_usd"]
    assert cost == pytest.approx(GROUPS * (900 * 0.01 + 80 * 0.02))
    assert judge(ears, "priced", call).details["cost_usd"] is None


def test_what_was_bought_is_kept_with_its_cost_and_not_asked_again(ears: Ears, call: Conversation) -> None:
    usage = {"prompt_tokens": 900, "completion_tokens": 80}
    ears.answers("kept", {"content": json.dumps(answer()), "usage": usage})
    first = hearing(ears.url, "kept", call)
    first.prices = price_table(
        "[[prices]]\nmodels = ['kept']\nfrom = 2026-01-01\nper_unit = {input_tokens = 0.01, output_tokens = 0}"
    )
    bought = verdicts(run(ListeningJudge(), call, first))
    assert [(one.run, one.cost_usd, one.model) for one in first.bought] == [(0, pytest.approx(9.0), "kept")] * GROUPS
    assert {key for one in first.bought for key in one.verdicts} == ASKED.keys()
    assert list(first.judges) == [bought["sounds_natural"].policy["judge_version"]]
    again = hearing(ears.url, "kept", call)
    again.known = {(one.asked, one.content_hash, one.run): one for one in first.bought}
    outcome = run(ListeningJudge(), call, again)
    assert {key: score.verdict for key, score in verdicts(outcome).items()} == {k: s.verdict for k, s in bought.items()}
    assert (len(ears.requests("kept")), again.bought, outcome.details["from_memory"]) == (GROUPS, [], True)


def test_of_a_call_that_is_drawn_for_it_the_same_is_asked_twice(ears: Ears, call: Conversation) -> None:
    ears.answers("twice", answer(), answer("fail"), *[answer()] * (2 * GROUPS - 2))
    context = hearing(ears.url, "twice", call)
    context.ask_again = True
    outcome = run(ListeningJudge(), call, context)
    assert sorted(one.run for one in context.bought) == [0] * GROUPS + [1] * GROUPS
    first_group = [key for key, criterion in ASKED.items() if criterion.shown == "nothing"]
    assert sorted(outcome.details["asked_again"]["flipped"]) == sorted(first_group)
    assert {score.verdict for score in verdicts(outcome).values()} == {"pass"}


def test_what_is_sent_is_the_sound_of_the_agents_turns(ears: Ears, call: Conversation) -> None:
    ears.answers("sent", answer())
    verdicts(judge(ears, "sent", call))
    bodies = ears.requests("sent")
    track = clean_tracks()[1]
    for body in bodies:
        heard = sounds(body)
        assert list(heard) == ["t1", "t3", "t5", "t7", "t9"]
        for samples, (start, _) in zip(heard.values(), AGENT, strict=True):
            assert found_at_ms(track, samples, near_ms=start) == pytest.approx(start - AROUND_MS, abs=100)
    assert "response_format" not in bodies[0]


def found_at_ms(track: np.ndarray, samples: np.ndarray, *, near_ms: int) -> float:
    """Where in the track this very sound lies."""
    begin = max(0, (near_ms - 400) * RATE // 1000)
    field = track[begin : begin + len(samples) + RATE // 2]
    at = int(correlate(field, samples, mode="valid").argmax())
    assert np.abs(field[at : at + len(samples)] - samples).max() < 0.001
    return (begin + at) * 1000 / RATE


def test_a_text_is_shown_only_where_it_is_asked_for(ears: Ears, call: Conversation) -> None:
    ears.answers("withheld", answer())
    verdicts(judge(ears, "withheld", call))
    told = {"Code 1.": 0, "My parcel is lost.": 0}
    for body in ears.requests("withheld"):
        asks_codes = "## said_as_meant" in body["messages"][0]["content"]
        texts = json.dumps([part for part in body["messages"][1]["content"] if part["type"] == "text"])
        assert ("Code 1." in texts) is asks_codes
        told = {text: count + (text in texts) for text, count in told.items()}
    assert told == {"Code 1.": 1, "My parcel is lost.": 1}


def test_limits_bound_what_is_sent(ears: Ears, call: Conversation) -> None:
    ears.answers("limited", answer())
    outcome = judge(ears, "limited", call, max_turns=2, turn_seconds=1.0)
    for body in ears.requests("limited"):
        heard = sounds(body)
        assert len(heard) == 2
        assert max(map(len, heard.values())) <= 1.31 * RATE
    [share] = [score for score in outcome.scores if score.metric == "listening_judge.heard"]
    assert 0 < (share.value or 0) < 0.7


def test_a_malformed_answer_is_sent_back_once(ears: Ears, call: Conversation) -> None:
    ears.answers("repaired", "All good!", answer(), answer(), answer())
    outcome = judge(ears, "repaired", call)
    assert {score.verdict for score in verdicts(outcome).values()} == {"pass"}
    first, second, *_ = ears.requests("repaired")
    assert [message["role"] for message in second["messages"]] == ["system", "user", "assistant", "user"]
    assert sounds(second).keys() == sounds(first).keys()
    assert len(outcome.details["request_ids"]) == GROUPS + 1


def test_an_answer_that_stays_malformed_takes_no_other_verdict_away(ears: Ears, call: Conversation) -> None:
    ears.answers("half", "All good!", "Really.", answer(), answer())
    found = verdicts(judge(ears, "half", call))
    lost = {key for key, score in found.items() if score.verdict is None}
    assert lost == {key for key, criterion in ASKED.items() if criterion.shown == "nothing"}
    assert all("not the asked JSON, twice" in (found[key].reason or "") for key in lost)
    assert {score.verdict for key, score in found.items() if key not in lost} == {"pass"}


def test_nothing_but_malformed_answers_fails_and_scores_nothing(ears: Ears, call: Conversation) -> None:
    ears.answers("malformed", "All good!")
    outcome = judge(ears, "malformed", call)
    assert (outcome.status, outcome.reason_code, outcome.scores) == ("failed", "unusable_answer", [])
    assert outcome.details["usage"]["input_tokens"] > 0


def test_an_answer_that_was_cut_off_is_none(ears: Ears, call: Conversation) -> None:
    ears.answers("cut-off", {"content": '{"sounds_natural": {', "finishReason": "length"})
    outcome = judge(ears, "cut-off", call)
    assert (outcome.status, outcome.reason_code, outcome.scores) == ("failed", "answer_cut_off", [])


def test_rate_limits_wait_as_long_as_they_ask(ears: Ears, call: Conversation) -> None:
    limited = {"error": {"message": "slow down", "type": "rate_limit_error"}, "status": 429, "retryAfter": 90}
    ears.answers("rate", limited)
    before = datetime.now(UTC)
    outcome = judge(ears, "rate", call)
    assert (outcome.status, outcome.reason_code, outcome.scores) == ("pending", "rate_limited", [])
    assert outcome.not_before is not None
    assert timedelta(seconds=89) < outcome.not_before - before < timedelta(seconds=150)
    assert len(ears.requests("rate")) == 1


def test_a_server_error_half_way_gives_nothing_and_is_tried_later(ears: Ears, call: Conversation) -> None:
    ears.answers("broken", answer(), {"error": {"message": "oops"}, "status": 500})
    outcome = judge(ears, "broken", call)
    assert (outcome.status, outcome.reason_code, outcome.scores) == ("pending", "server_error", [])


def test_a_time_out_is_tried_later(ears: Ears, call: Conversation) -> None:
    ears.answers("slow", answer(), chaos={"latencyMs": 5000})
    assert judge(ears, "slow", call, timeout_s=0.2).reason_code == "timeout"


@pytest.mark.parametrize(
    ("status", "error", "code"),
    [(401, {"message": "bad key"}, "key_refused"), (404, {"message": "no such model"}, "model_unknown")],
)
def test_what_a_person_has_to_mend_names_its_setting(
    ears: Ears, call: Conversation, status: int, error: dict[str, str], code: str
) -> None:
    ears.answers(f"mend-{status}", {"error": error, "status": status})
    outcome = judge(ears, f"mend-{status}", call)
    assert (outcome.status, outcome.reason_code) == ("blocked", code)
    assert "EVALHUB_LISTENING_" in (outcome.reason or "")


def test_a_model_without_ears_fails_with_what_the_server_said(ears: Ears, call: Conversation) -> None:
    ears.answers("deaf", {"error": {"message": "no audio input here"}, "status": 400})
    outcome = judge(ears, "deaf", call)
    assert outcome.status == "failed"
    assert "no audio input here" in (outcome.reason or "")


def test_the_doctor_plays_a_tone(ears: Ears) -> None:
    ears.answers("tone", "A tone.")
    check(settings(ears.url, "tone"))
    [body] = ears.requests("tone")
    sound = body["messages"][0]["content"][1]["input_audio"]
    samples, rate = soundfile.read(io.BytesIO(base64.b64decode(sound["data"])))
    assert np.abs(np.fft.rfft(samples)).argmax() * rate / len(samples) == pytest.approx(440, abs=2)


def test_a_refusal_leaves_the_call_to_people(call: Conversation) -> None:
    message = {"role": "assistant", "content": None, "refusal": "I cannot judge voices."}
    choice = {"index": 0, "finish_reason": "stop", "message": message}
    completion = {"id": "x", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]}
    with answering(200, json.dumps(completion).encode()) as url:
        found = verdicts(listen(url, "m", call))
    assert {score.verdict for score in found.values()} == {"unsure"}
    assert "I cannot judge voices." in (found["tone_fits"].explanation or "")
