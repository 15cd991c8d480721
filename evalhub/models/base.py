"""What every table shares: dataclass mapping, column types, naming of constraints.

Objects can be built in memory without a session (`Conversation(id="c", turns=[...])`): evaluators, formats and tests
work on the very classes that are stored. Relationships raise when they would load lazily, so a forgotten
eager load fails loudly instead of issuing a query per row.
"""

from datetime import datetime
from typing import Annotated, Any, ClassVar, dataclass_transform

from sqlalchemy import BigInteger, DateTime, ForeignKeyConstraint, Identity, MetaData, Text, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, MappedAsDataclass, mapped_column, relationship

Json = dict[str, Any]
JsonList = list[Any]

project_key = Annotated[int, mapped_column(BigInteger, primary_key=True)]
text_key = Annotated[str, mapped_column(Text, primary_key=True)]


@dataclass_transform(field_specifiers=(mapped_column, relationship), kw_only_default=True, eq_default=False)
class Base(MappedAsDataclass, DeclarativeBase, kw_only=True, eq=False):
    """Parent of every table."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        str: Text(),
        int: BigInteger(),
        datetime: DateTime(timezone=True),
        Json: JSONB(none_as_null=True),
        JsonList: JSONB(none_as_null=True),
        Any: JSONB(none_as_null=True),
    }


def identity() -> Any:
    """A number that Postgres gives out, second half of a (project_id, id) key."""
    return mapped_column(BigInteger, Identity(), primary_key=True, init=False)


def created() -> Any:
    """When the row was written, by the database's clock."""
    return mapped_column(DateTime(timezone=True), server_default=func.now(), init=False)


def of_project() -> ForeignKeyConstraint:
    """Row lives and dies with its project."""
    return ForeignKeyConstraint(["project_id"], ["project.id"], ondelete="CASCADE")


def of_conversation() -> ForeignKeyConstraint:
    """Row lives and dies with its conversation."""
    return ForeignKeyConstraint(
        ["project_id", "conversation_id"], ["conversation.project_id", "conversation.id"], ondelete="CASCADE"
    )


class ConversationPart(Base, kw_only=True, eq=False):
    """A thing inside a conversation, keyed by the id its client gave it (or its position)."""

    __abstract__ = True

    project_id: Mapped[project_key] = mapped_column(default=None, repr=False, sort_order=-3)
    conversation_id: Mapped[text_key] = mapped_column(default=None, repr=False, sort_order=-2)
    id: Mapped[text_key] = mapped_column(sort_order=-1)
