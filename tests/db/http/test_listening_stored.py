"""A stored call that is listened to: asked once for what it hears, kept, spent from the budget, told on its page."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from evalhub.evaluations.drawing import calls_left_today
from evalhub.evaluations.judging import judge_due
from evalhub.evaluations.planning import AGAIN
from evalhub.evaluations.running import run_due
from evalhub.models import Evaluation, JudgeAnswer, JudgeVersion, Project, Score
from evalhub.rubrics import load_library
from evalhub.rubrics.stored import install_rubrics
from evalhub.services import Services
from tests.db.http.conftest import As, Program
from tests.pure.audio.calls import AGENT, CALLER, clean_tracks
from tests.pure.audio.sound import write
from tests.stack.judge_server import Answer, serving

pytestmark = pytest.mark.db
HEARD = [one for one in load_library()["customer_service"].criteria if one.modality != "transcript"]
GROUPS = len({one.shown for one in HEARD})
PRICES = """[[prices]]
models = ["ears"]
from = 2026-01-01
per_unit = { input_text_tokens = 0.0001, input_audio_tokens = 0.001, output_text_tokens = 0 }"""
USAGE = {"prompt_tokens": 200, "completion_tokens": 9, "prompt_tokens_details": {"audio_tokens": 100}}
COST = 100 * 0.0001 + 100 * 0.001


def turns() -> list[dict[str, Any]]:
    sides = [(*one, "agent") for one in AGENT] + [(*one, "caller") for one in CALLER]
    return [
        {"id": f"t{index}", "speaker": side, "start_ms": start, "end_ms": end, "text": f"Turn {index}."}
        for index, (start, end, side) in enumerate(sorted(sides))
    ]


@pytest.fixture
def call(services: Services, project: Project, api: Program, parse: Callable[[], int], tmp_path: Path) -> str:
    """A call with the sound of both sides, measured, that waits for who listens."""
    with services.work() as session:
        install_rubrics(session, project.id)
        session.execute(update(Project).values(settings={"judge": {"asked_again": 0.0}, "prices": PRICES}))
    sound = write(tmp_path / "call.flac", *clean_tracks()).read_bytes()
    now = "2026-11-27T10:00:00Z"
    api("POST", "conversations", json={"id": "call-1", "started_at": now, "ended_at": now, "turns": turns()})
    assert api("PUT", "conversations/call-1/recordings/stereo", data=sound).status_code == 201
    parse()
    run_due(services, project.id, "call-1", "audio")
    with services.work() as session:
        session.execute(delete(Evaluation).where(Evaluation.evaluator != "listening_judge"))
    return "call-1"


class Ears:
    """Passes everything by the first turn it was played."""

    asked = 0

    def __call__(self, _: str, body: dict[str, Any]) -> Answer:
        self.asked += 1
        first = json.loads(body["messages"][1]["content"][-3]["text"])["turn"]
        heard = [{"turn_id": first, "what": "an even voice"}]
        one = {"heard": heard, "applicable": True, "verdict": "pass", "explanation": "."}
        message = {"role": "assistant", "content": json.dumps({one_of.key: one for one_of in HEARD})}
        choice = {"index": 0, "finish_reason": "stop", "message": message}
        answer = {"id": "x", "object": "chat.completion", "created": 1, "model": "ears", "choices": [choice]}
        return 200, answer | {"usage": USAGE}, {}


@contextmanager
def listening(services: Services, ears: Ears) -> Iterator[Services]:
    with serving(ears) as url:
        connected = {"listening_url": url, "listening_model": "ears", "listening_api_key": "k"}
        yield replace(services, settings=replace(services.settings, **connected))


def test_what_it_hears_is_asked_once_and_counts_towards_the_budget(
    services: Services, project: Project, call: str, signed_in: As
) -> None:
    with listening(services, ears := Ears()) as connected:
        assert judge_due(connected) == 1
        with services.work() as session:
            session.execute(update(Evaluation).values(AGAIN))
        assert judge_due(connected) == 1
        assert ears.asked == GROUPS
        settings = replace(connected.settings, judge_model="ears", judge_url=connected.settings.listening_url)
        with services.work() as session:
            [evaluation] = session.scalars(select(Evaluation))
            assert (evaluation.status, evaluation.details["from_memory"]) == ("done", True)
            bought = session.scalars(select(JudgeAnswer)).all()
            assert [one.cost_usd for one in bought] == [pytest.approx(COST)] * GROUPS
            [judge] = session.scalars(select(JudgeVersion))
            assert judge.definition["back_end"] == "listening"
            verdicts = session.scalars(select(Score).where(Score.metric.startswith("criterion."))).all()
            assert {one.verdict for one in verdicts} == {"pass"}
            assert {one.policy["judge_version"] for one in verdicts} == {judge.id}
            own = session.get_one(Project, project.id)
            own.settings = own.settings | {
                "judge": {"daily_usd": 10.5 * GROUPS * COST},
                "prices": PRICES.replace("input_text", "input_tokens = 0, output_tokens = 0, input_text"),
            }
            assert calls_left_today(session, own, settings) == 9
    page = " ".join(signed_in("viewer").get(f"/p/demo/conversations/{call}").text.split())
    assert f"ears, asked {GROUPS} times: ${GROUPS * COST:.4f}." in page
