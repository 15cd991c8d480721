"""What an evaluator may use in a worker: local audio files, what was measured once from them, the rubric."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from evalhub import analysis
from evalhub.business_rules import parse_rules
from evalhub.costs import price_table
from evalhub.evaluators import Context
from evalhub.models import AudioAnalysis, Conversation, Evaluation, JudgeAnswer, Project, Recording, RubricVersion
from evalhub.rubrics.stored import current_version, rubric_of
from evalhub.services import Services

Known = dict[tuple[str, str, int], JudgeAnswer]
Place = tuple[int, str]
"""project and conversation"""
Contexts = dict[Place, Context]


def context_for(services: Services, conversation: Conversation, kind_of_work: str) -> Context:
    """The context of one conversation for one kind of work."""
    if kind_of_work == "audio":
        _measure_recordings(services, conversation)
    place = (conversation.project_id, conversation.id)
    with services.sessions() as session:
        return contexts_for(services, session, {place: conversation})[place]


def contexts_for(services: Services, session: Session, conversations: Mapping[Place, Conversation]) -> Contexts:
    """The contexts of many conversations, in a fixed number of queries per project."""
    contexts: Contexts = {}
    for project_id in sorted({place[0] for place in conversations}):
        project = session.get_one(Project, project_id)
        ours = [conversation for place, conversation in conversations.items() if place[0] == project_id]
        analyses = {("analysis", row.sha256): row for row in _analyses(session, project_id, ours)}
        rules = parse_rules(project.settings.get("business_rules", ""))
        prices = price_table(project.settings.get("prices", ""))
        for one in ours:
            contexts[project_id, one.id] = Context(
                settings=services.settings,
                audio_path=_opener(services),
                business_rules=rules,
                prices=prices,
                shared=analyses | {"recordings_final": _waited_enough(project, one)},
            )
    return contexts


def judge_contexts(services: Services, session: Session, conversations: Mapping[Place, Conversation]) -> Contexts:
    """The same for judges: with the project's scorecard, and what they answered before."""
    contexts = contexts_for(services, session, conversations)
    for project_id in sorted({place[0] for place in contexts}):
        ours = {call: context for (project, call), context in contexts.items() if project == project_id}
        rubric = _rubric(session, session.get_one(Project, project_id))
        known = _known(session, project_id, list(ours))
        for call, context in ours.items():
            context.rubric, context.known = rubric, known.get(call, {})
    return contexts


def named_rubrics(session: Session, evaluations: Iterable[Evaluation]) -> dict[tuple[int, str], RubricVersion | None]:
    """The scorecards that judges are configured for, where that is not the project's own."""
    configured = [(one.project_id, (one.config or {}).get("rubric")) for one in evaluations]
    named = {(project_id, str(key)) for project_id, key in configured if key}
    return {(project_id, key): current_version(session, project_id, key) for project_id, key in sorted(named)}


def _known(session: Session, project_id: int, conversation_ids: list[str]) -> dict[str, Known]:
    """What judges answered about these conversations before."""
    ours = (JudgeAnswer.project_id == project_id, JudgeAnswer.conversation_id.in_(conversation_ids))
    known: dict[str, Known] = {}
    for answer in session.scalars(select(JudgeAnswer).where(*ours)):
        known.setdefault(answer.conversation_id, {})[answer.asked, answer.content_hash, answer.run] = answer
    return known


def _opener(services: Services):  # type: ignore[no-untyped-def]
    def audio_path(recording: Recording) -> Path | None:
        if recording.sha256 is None:
            return None
        path = services.audio.path(recording.project_id, recording.sha256)
        return path if path.is_file() else None

    return audio_path


def _measure_recordings(services: Services, conversation: Conversation) -> None:
    for sha256 in {r.sha256 for r in conversation.recordings if r.sha256}:
        analysis.analyse(services, conversation.project_id, sha256)


def _analyses(session: Session, project_id: int, conversations: Iterable[Conversation]) -> list[AudioAnalysis]:
    hashes = [r.sha256 for conversation in conversations for r in conversation.recordings if r.sha256]
    ours = (AudioAnalysis.project_id == project_id, AudioAnalysis.sha256.in_(hashes))
    return list(session.scalars(select(AudioAnalysis).where(*ours))) if hashes else []


def _waited_enough(project: Project, conversation: Conversation) -> bool:
    """Whether a declared recording that is still missing may be given up on."""
    return datetime.now(UTC) - conversation.touched_at > timedelta(seconds=project.quiet_period_s)


def _rubric(session: Session, project: Project) -> RubricVersion | None:
    return current_version(session, project.id, rubric_of(project))
