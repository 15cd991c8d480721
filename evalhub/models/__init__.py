"""The tables of evalhub. Import from here, so that every mapping is known before the first query."""

from evalhub.models.base import Base, Json, JsonList
from evalhub.models.conversations import (
    CONVERSATION_PARTS,
    Conversation,
    Feedback,
    GuardrailTrip,
    Handoff,
    PromptVersion,
    Span,
    StageTiming,
    ToolCall,
    Turn,
    Usage,
)
from evalhub.models.evaluations import BLOCKED, DONE, FAILED, PENDING, RUNNING, SKIPPED, Evaluation, Score
from evalhub.models.inbox import Deletion, InboxItem
from evalhub.models.labeling import (
    Draft,
    Label,
    LabelEvent,
    LabelValue,
    Queue,
    QueueItem,
    SamplePlan,
    Skip,
    Slot,
    Stratum,
)
from evalhub.models.projects import ROLES, ApiKey, AuditEntry, Membership, Project, SignInLink, User
from evalhub.models.recordings import AudioAnalysis, DoomedAudio, Recording
from evalhub.models.rubrics import Criterion, Rubric, RubricVersion

__all__ = [
    "BLOCKED", "CONVERSATION_PARTS", "DONE", "FAILED", "PENDING", "ROLES", "RUNNING", "SKIPPED",
    "ApiKey", "AudioAnalysis", "AuditEntry", "Base", "Conversation", "Criterion", "Deletion", "DoomedAudio", "Draft", "Evaluation",
    "Feedback", "GuardrailTrip", "Handoff", "InboxItem", "Json", "JsonList", "Label", "LabelEvent", "LabelValue",
    "Membership", "Project", "PromptVersion", "Queue", "QueueItem", "Recording", "Rubric", "RubricVersion",
    "SamplePlan", "Score", "SignInLink", "Skip", "Slot", "Span", "StageTiming", "Stratum", "ToolCall", "Turn",
    "Usage", "User",
]  # fmt: skip
