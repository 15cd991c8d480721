"""Labels as rows for a spreadsheet or notebook: one answer a line, with what an honest estimate needs beside it."""

import json
from collections.abc import Iterator
from typing import Any

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from evalhub.labeling.slots import OF_QUEUE
from evalhub.models import Label, LabelValue, Queue, QueueItem, Stratum, User
from evalhub.spreadsheets import as_csv

COLUMNS = (
    "conversation_id", "labeler", "rubric", "rubric_version", "criterion", "subject_type", "subject_id", "value", "na",
    "comment", "evidence", "submitted_at", "seconds", "heard_fraction", "purpose", "stratum", "inclusion_prob",
    "random_rank", "split",
)  # fmt: skip


def labels_csv(session: Session, *, project_id: int, queue_id: int) -> str:
    """The rows as CSV with a head line. Values and evidence are JSON, so that true, 3 and "billing" stay apart."""
    rows = label_rows(session, project_id=project_id, queue_id=queue_id)
    return as_csv(COLUMNS, ([_cell(name, row[name]) for name in COLUMNS] for row in rows))


def label_rows(session: Session, *, project_id: int, queue_id: int) -> Iterator[dict[str, Any]]:
    """Every answer of a queue that counts, in order of submission. Streamed, so a large queue fits."""
    query = (
        select(
            *(QueueItem.conversation_id, User.email.label("labeler"), Queue.rubric, Label.rubric_version),
            *(LabelValue.criterion, LabelValue.subject_type, LabelValue.subject_id, LabelValue.value, LabelValue.na),
            *(LabelValue.comment, LabelValue.evidence, Label.submitted_at, Label.seconds, Label.heard_fraction),
            *(QueueItem.purpose, Stratum.name.label("stratum"), QueueItem.inclusion_prob, QueueItem.random_rank),
            QueueItem.split,
        )
        .select_from(Label)
        .join(LabelValue, (LabelValue.project_id == Label.project_id) & (LabelValue.label_id == Label.id))
        .join(QueueItem, (QueueItem.project_id == Label.project_id) & (QueueItem.id == Label.item_id))
        .join(Queue, and_(*OF_QUEUE))
        .join(User, User.id == Label.labeler_id)
        .outerjoin(Stratum, (Stratum.project_id == QueueItem.project_id) & (Stratum.id == QueueItem.stratum_id))
        .where(Label.project_id == project_id, QueueItem.queue_id == queue_id, Label.superseded_at.is_(None))
        .order_by(Label.submitted_at, Label.id, LabelValue.criterion, LabelValue.subject_id)
        .execution_options(yield_per=1_000)
    )
    for row in session.execute(query):
        yield dict(row._mapping)


def _cell(name: str, value: Any) -> Any:
    if name in ("value", "evidence"):
        return json.dumps(value, ensure_ascii=False)
    return value.isoformat() if name == "submitted_at" else value
