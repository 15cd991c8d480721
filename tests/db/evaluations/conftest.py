"""Calls that wait for their judge."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import update

from evalhub.models import Conversation, EvaluationRule, Project, Turn
from evalhub.rubrics.stored import install_rubrics
from evalhub.services import Services
from tests.db.evaluations.judged import replan


@pytest.fixture
def calls(services: Services, project: Project) -> Callable[..., list[str]]:
    """Makes ended calls that wait for their judge."""
    with services.work() as session:
        install_rubrics(session, project.id)

    def make(count: int, share: float = 1.0, **judge: Any) -> list[str]:
        ids = [f"call-{index}" for index in range(count)]
        with services.work() as session:
            session.execute(update(Project).values(settings={"judge": {"asked_again": 0.0} | judge}))
            session.execute(update(EvaluationRule).filter_by(name="Judges").values(share=share))
            session.add_all(Conversation(project_id=project.id, id=one, state="ended") for one in ids)
            session.flush()
            session.add_all(
                Turn(project_id=project.id, conversation_id=one, id="t0", speaker="agent", text=f"Hello from {one}")
                for one in ids
            )
        replan(services, project, ids)
        return ids

    return make
