"""Which evaluations a conversation has to have, by the rules of its project. Planning twice changes nothing unless the
content changed."""

from collections.abc import Collection, Iterable
from typing import Any

import orjson
from sqlalchemy import ColumnElement, case, exists, func, literal, or_, text, update
from sqlalchemy.orm import Session

from evalhub.db import ask_for
from evalhub.evaluations.content import content_hash
from evalhub.evaluations.drawing import LEFT_OUT, is_drawn, sampled_out
from evalhub.evaluations.matching import Rules, evaluators_of, matched_rules
from evalhub.evaluations.outdated import KEY, forget_scores, retire_unasked
from evalhub.evaluations.rules import rules_in_force
from evalhub.evaluators import Evaluator
from evalhub.models import PENDING, RUNNING, SKIPPED, Conversation, Evaluation, EvaluationRule, Recording

AGAIN = {
    "status": PENDING,
    "attempt": 0,
    "reason_code": None,
    "reason": None,
    "not_before": None,
    "lease_owner": None,
    "lease_until": None,
}
"""a row as it is before anybody worked on it"""
WAITS = {"status": PENDING, "reason_code": None, "reason": None, "details": None}
"""what a row that is planned says, where it was drawn"""
BY_THE_BATCH = {"judge": "judge", "text": "evaluate_text"}
"""the job of each kind of work that takes what is due of any conversation"""
UPSERT = text("""
insert into evaluation (project_id, attempt, conversation_id, evaluator, version, config_hash, config, kind_of_work,
  status, reason_code, reason, details, content_hash, rule_id, rule_version)
select :project, 0, planned.* from jsonb_to_recordset(cast(:rows as jsonb)) as planned (
  conversation_id text, evaluator text, version text, config_hash text, config jsonb, kind_of_work text,
  status text, reason_code text, reason text, details jsonb, content_hash text, rule_id bigint, rule_version bigint)
on conflict (project_id, conversation_id, evaluator, version, config_hash) do update
set status = excluded.status, reason_code = excluded.reason_code, reason = excluded.reason, details = excluded.details,
  content_hash = excluded.content_hash, kind_of_work = excluded.kind_of_work,
  rule_id = excluded.rule_id, rule_version = excluded.rule_version, attempt = 0, not_before = null,
  lease_owner = null, lease_until = null
where evaluation.content_hash is distinct from excluded.content_hash
returning conversation_id, evaluator, version, config_hash, kind_of_work, status
""")
"""one statement and one parameter for all rows: as a statement or a parameter each, they cost ten times as much"""
Asked = list[tuple[Evaluator, EvaluationRule]]


def plan(session: Session, conversations: Iterable[Conversation]) -> None:
    """Make sure there is a row for every evaluator that a rule asks for, and ask for the work that is due.

    A conversation that matches a rule and is not drawn has a row too, which says so. What was scored of what it held
    before, and what no rule asks for any more, is outdated.
    """
    ours: dict[int, list[Conversation]] = {}
    for conversation in conversations:
        ours.setdefault(conversation.project_id, []).append(conversation)
    for project_id in sorted(ours):
        rows = list(_rows(session, project_id, ours[project_id]))
        retire_unasked(session, ours[project_id], {tuple(row[name] for name in KEY) for row in rows})
        planned = session.execute(UPSERT, {"project": project_id, "rows": orjson.dumps(rows).decode()}).all()
        left_out = [tuple(getattr(row, name) for name in KEY) for row in planned if row.status == SKIPPED]
        forget_scores(session, project_id, left_out)
        due = {(row.conversation_id, row.kind_of_work) for row in planned if row.status == PENDING}
        for conversation_id, kind_of_work in sorted(due):
            ask(session, project_id, conversation_id, kind_of_work)


def _rows(session: Session, project_id: int, conversations: list[Conversation]) -> Iterable[dict[str, Any]]:
    rules = rules_in_force(session, project_id)
    matched = matched_rules(session, project_id, rules, [one.id for one in conversations])
    asked: dict[Rules, Asked] = {}
    for conversation in conversations:
        its_rules = matched.get(conversation.id, ())
        if its_rules not in asked:
            asked[its_rules] = asked_for(its_rules)
        for evaluator, rule in asked[its_rules]:
            yield _row(conversation, evaluator, rule)


def asked_for(rules: Iterable[EvaluationRule]) -> Asked:
    """Each evaluator that these rules ask for once, with the first rule that does."""
    found: dict[tuple[str, str], tuple[Evaluator, EvaluationRule]] = {}
    for rule in rules:
        for evaluator in evaluators_of(rule):
            found.setdefault((evaluator.name, evaluator.config_hash), (evaluator, rule))
    return list(found.values())


def _row(conversation: Conversation, evaluator: Evaluator, rule: EvaluationRule) -> dict[str, Any]:
    drawn = is_drawn(conversation.id, rule.share)
    return (
        WAITS
        | ({} if drawn else sampled_out(rule.name, rule.share))
        | {
            "project_id": conversation.project_id,
            "conversation_id": conversation.id,
            "evaluator": evaluator.name,
            "version": evaluator.version,
            "config_hash": evaluator.config_hash,
            "config": evaluator.config,
            "kind_of_work": kind_of_work(conversation, evaluator),
            "content_hash": content_hash(conversation, evaluator),
            "rule_id": rule.id,
            "rule_version": rule.version,
        }
    )


def kind_of_work(conversation: Conversation, evaluator: Evaluator) -> str:
    """Where there is no sound, checks of sound read words and times at most: they go by the batch, with those of words.

    One at a time, in the worker that hears, they took longer than all other work on a call that has none.
    """
    is_silent = evaluator.kind_of_work == "audio" and not conversation.recordings
    return "text" if is_silent else evaluator.kind_of_work


def kind_of_work_of(evaluator: Evaluator, project_id: int, conversation_id: ColumnElement[str]) -> ColumnElement[str]:
    """The same in SQL, for stored conversations."""
    if evaluator.kind_of_work != "audio":
        return literal(evaluator.kind_of_work)
    has_sound = exists().where(Recording.project_id == project_id, Recording.conversation_id == conversation_id)
    return case((has_sound, "audio"), else_="text")


def ask(session: Session, project_id: int, conversation_id: str, kind_of_work: str) -> None:
    """Ask for the due evaluations of one conversation, once this transaction has committed.

    Who judges and who checks words takes whatever is due, of any conversation, by the batch; sound is one call's.
    """
    if kind_of_work in BY_THE_BATCH:
        ask_for(session, BY_THE_BATCH[kind_of_work])
        return
    job = f"evaluate_{kind_of_work}"
    ask_for(session, job, project_id=project_id, conversation_id=conversation_id, kind_of_work=kind_of_work)


def run_again(session: Session, project_id: int, evaluators: Collection[str]) -> None:
    """Make these evaluators due again wherever they were asked for: what they go by has changed.

    One statement; the sweep hands the work out. Scores stay until they are replaced.
    """
    ours = update(Evaluation).where(Evaluation.project_id == project_id, Evaluation.evaluator.in_(evaluators))
    is_in = func.coalesce(Evaluation.reason_code.not_in(LEFT_OUT), True)
    session.execute(ours.where(is_in).values(AGAIN))


def is_due() -> ColumnElement[bool]:
    """Waiting and allowed to run, or held by somebody who did not finish in time."""
    allowed = or_(Evaluation.not_before.is_(None), Evaluation.not_before <= func.now())
    abandoned = (Evaluation.status == RUNNING) & (Evaluation.lease_until < func.now())
    return or_((Evaluation.status == PENDING) & allowed, abandoned)
