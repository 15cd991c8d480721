"""What the tests of evaluation rules share: rules, calls that end under them, what was planned then."""

from typing import Any

from sqlalchemy import select, update

from evalhub.evaluations.rule_drafts import Draft
from evalhub.evaluations.rules import create_rule, delete_rule, rules_of
from evalhub.models import Conversation, Evaluation, Project
from evalhub.services import Services
from evalhub.traces import assembly, lifecycle

TEXTS = ["function_calls"]
"""an evaluator that needs nothing else"""


def draft(**overrides: Any) -> Draft:
    fields: dict[str, Any] = {"name": "Sales", "filters": {}, "share": 1.0, "evaluators": TEXTS}
    return Draft(**(fields | overrides))


def ended(services: Services, project: Project, *calls: Conversation) -> None:
    """Calls as a worker reads them: merged, over, planned."""
    with services.work() as session:
        assembly.merge(session, project.id, calls)
        session.execute(update(Conversation).where(Conversation.state != "ended").values(state="ended"))
        lifecycle.settle(session, project.id, {call.id: True for call in calls})


def rules(services: Services, project: Project, *drafts: Draft, others: bool = False) -> list[int]:
    """These rules alone. Returns their ids."""
    with services.work() as session:
        for rule in () if others else rules_of(session, project.id):
            delete_rule(session, rule, by="test")
        return [create_rule(session, project.id, one, by="test").id for one in drafts]


def planned(services: Services) -> dict[tuple[str, str], Evaluation]:
    with services.sessions() as session:
        return {(row.conversation_id, row.evaluator): row for row in session.scalars(select(Evaluation))}
