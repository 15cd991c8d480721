"""What the tests of judging share: calls that wait for a judge, what it is asked about, what it may answer."""

import json
from typing import Any

from sqlalchemy import delete, func, select

from evalhub.evaluations.content import load_many, part_hashes
from evalhub.evaluations.planning import plan
from evalhub.models import Evaluation, Project
from evalhub.services import Services
from tests.stack.judge_server import Answer


def called(body: dict[str, Any]) -> str:
    """Which conversation a request is about: its first turn names it."""
    text = next(part["text"] for part in body["messages"][1]["content"] if '"turn": "t0"' in part["text"])
    return str(json.loads(text)["text"].split()[-1])


def scorecard(body: dict[str, Any], verdict: str = "pass", quote: str = "Hello from") -> Answer:
    one = {"evidence": [{"turn_id": "t0", "quote": quote}], "applicable": True, "verdict": verdict, "explanation": "."}
    asked = body["response_format"]["json_schema"]["schema"]["properties"]
    message = {"role": "assistant", "content": json.dumps(dict.fromkeys(asked, one))}
    usage = {"prompt_tokens": 1000, "completion_tokens": 100}
    answer = {"id": "x", "model": "m-1", "choices": [{"finish_reason": "stop", "message": message}], "usage": usage}
    return 200, answer, {}


def replan(services: Services, project: Project, ids: list[str]) -> None:
    with services.work() as session:
        conversations = load_many(session, project.id, ids)
        for conversation in conversations:
            conversation.part_hashes = part_hashes(conversation)
        plan(session, conversations)
        session.execute(delete(Evaluation).where(Evaluation.evaluator != "rubric_judge"))


def rows(services: Services) -> dict[str, Evaluation]:
    with services.sessions() as session:
        return {row.conversation_id: row for row in session.scalars(select(Evaluation))}


def count(services: Services, kind: Any, **of: Any) -> int:
    with services.sessions() as session:
        return session.scalar(select(func.count()).select_from(kind).filter_by(**of)) or 0
