"""How the tools of each agent version were used in a window, and what to do about them. Three queries."""

from dataclasses import dataclass

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from evalhub.models import Conversation, PromptVersion, ToolCall
from evalhub.reports.window import Window
from evalhub.transcript.calls.attempts import CANCELLED, FAILED
from evalhub.transcript.calls.schemas import declared_tools
from evalhub.transcript.tools.advice import ToolUse, advice

VERSION = (func.coalesce(Conversation.agent_name, ""), func.coalesce(Conversation.agent_version, ""))
Version = tuple[str, str]


@dataclass(frozen=True)
class VersionTools:
    """The tools of one agent version: their uses, and sentences of advice."""

    version: str
    use: ToolUse
    advice: list[str]


def tools_by_version(session: Session, window: Window) -> list[VersionTools]:
    """Every version of the window that has tools or called any, by name."""
    uses: dict[Version, ToolUse] = {}
    calls = select(*VERSION, func.count()).where(*window.conditions()).group_by(*VERSION)
    for agent, version, count in session.execute(calls):
        uses[agent, version] = ToolUse(conversations=count)
    _count_declared(session, window, uses)
    _count_used(session, window, uses)
    found = {version: use for version, use in uses.items() if use.declared or use.used}
    return [VersionTools(" ".join(filter(None, key)), use, list(advice(use))) for key, use in sorted(found.items())]


def _count_declared(session: Session, window: Window, uses: dict[Version, ToolUse]) -> None:
    agent, version = (column.label(name) for column, name in zip(VERSION, ("agent", "version"), strict=True))
    spoken = select(agent, version, Conversation.prompt_id).where(*window.conditions()).distinct().subquery()
    same = (PromptVersion.id == spoken.c.prompt_id) & (PromptVersion.project_id == window.project_id)
    for agent_name, version_name, prompt in session.execute(
        select(spoken.c.agent, spoken.c.version, PromptVersion).join(PromptVersion, same)
    ):
        uses[agent_name, version_name].declared |= declared_tools(prompt).keys()


def _count_used(session: Session, window: Window, uses: dict[Version, ToolUse]) -> None:
    same = (ToolCall.project_id == Conversation.project_id) & (ToolCall.conversation_id == Conversation.id)
    status = func.lower(func.coalesce(ToolCall.status, ""))
    broken = or_(ToolCall.error.is_not(None), status.in_(FAILED))
    counts = select(*VERSION, ToolCall.name, func.count(), func.count().filter(broken)).join(ToolCall, same)
    happened = counts.where(*window.conditions(), status.not_in(CANCELLED)).group_by(*VERSION, ToolCall.name)
    for agent, version, name, used, failed in session.execute(happened):
        uses[agent, version].used[name] = used
        uses[agent, version].failed[name] = failed
