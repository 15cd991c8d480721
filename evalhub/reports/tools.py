"""How the tools of each agent version were used in a window, and what to do about them. Two queries."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from evalhub.models import Conversation, PromptVersion, ToolCall
from evalhub.reports.measures import AGENT_VERSION, AgentVersion
from evalhub.reports.window import Window
from evalhub.transcript.calls.attempts import CANCELLED, FAILED
from evalhub.transcript.calls.schemas import declared_tools
from evalhub.transcript.tools.advice import ToolUse, advice


@dataclass(frozen=True)
class VersionTools:
    """The tools of one agent version: their uses, and sentences of advice."""

    version: AgentVersion
    use: ToolUse
    advice: list[str]


def tools_by_version(session: Session, window: Window, seen: Mapping[AgentVersion, int]) -> list[VersionTools]:
    """Every version of the window that has tools or called any, by name. `seen`: versions with their calls."""
    uses = {version: ToolUse(conversations=count) for version, count in seen.items()}
    _count_declared(session, window, uses)
    _count_used(session, window, uses)
    found = {version: use for version, use in uses.items() if use.declared or use.used}
    return [VersionTools(version, use, list(advice(use))) for version, use in sorted(found.items())]


def _count_declared(session: Session, window: Window, uses: dict[AgentVersion, ToolUse]) -> None:
    agent, version = (column.label(name) for column, name in zip(AGENT_VERSION, ("agent", "version"), strict=True))
    spoken = select(agent, version, Conversation.prompt_id).where(*window.conditions()).distinct().subquery()
    same = (PromptVersion.id == spoken.c.prompt_id) & (PromptVersion.project_id == window.project_id)
    for agent_name, version_name, prompt in session.execute(
        select(spoken.c.agent, spoken.c.version, PromptVersion).join(PromptVersion, same)
    ):
        uses[AgentVersion(agent_name, version_name)].declared |= declared_tools(prompt).keys()


def _count_used(session: Session, window: Window, uses: dict[AgentVersion, ToolUse]) -> None:
    same = (ToolCall.project_id == Conversation.project_id) & (ToolCall.conversation_id == Conversation.id)
    status = func.lower(func.coalesce(ToolCall.status, ""))
    broken = or_(ToolCall.error.is_not(None), status.in_(FAILED))
    counts = select(*AGENT_VERSION, ToolCall.name, func.count(), func.count().filter(broken)).join(ToolCall, same)
    happened = counts.where(*window.conditions(), status.not_in(CANCELLED)).group_by(*AGENT_VERSION, ToolCall.name)
    for agent, version, name, used, failed in session.execute(happened):
        use = uses[AgentVersion(agent, version)]
        use.used[name], use.failed[name] = used, failed
