"""Recordings: which sound belongs to a conversation, and what was measured once from those bytes."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from evalhub.models.base import (
    Base,
    Json,
    JsonList,
    created,
    of_conversation,
    of_project,
    project_key,
    text_key,
)

FETCH_STATES = WAITING, DONE, FAILED = ("waiting", "done", "failed")


class Recording(Base):
    """Audio of one track (caller, agent, stereo, mixed). Without `sha256` it is declared but not here yet."""

    __tablename__ = "recording"
    __table_args__ = (
        of_conversation(),
        Index("ix_recording_sha256", "project_id", "sha256", postgresql_where=text("sha256 is not null")),
    )

    project_id: Mapped[project_key] = mapped_column(default=None, repr=False)
    conversation_id: Mapped[text_key] = mapped_column(default=None, repr=False)
    track: Mapped[text_key]
    sha256: Mapped[str | None] = mapped_column(default=None)
    channels: Mapped[JsonList | None] = mapped_column(default=None)
    """who is on each channel, in order: ["caller", "agent"]"""
    offset_ms: Mapped[int | None] = mapped_column(default=None)
    """where in the conversation the first sample lies"""
    path: Mapped[str | None] = mapped_column(default=None)
    """as the sender named the file; only the command line opens it"""
    media_type: Mapped[str | None] = mapped_column(default=None)
    size_bytes: Mapped[int | None] = mapped_column(default=None)
    declared_rate: Mapped[int | None] = mapped_column(default=None)
    """samples a second of headerless audio, as declared by the sender"""
    declared_encoding: Mapped[str | None] = mapped_column(default=None)
    received_at: Mapped[datetime | None] = mapped_column(default=None)


class RecordingFetch(Base):
    """Sound of a track that a report links to, to be fetched by a worker that holds the row by lease."""

    __tablename__ = "recording_fetch"
    __table_args__ = (
        of_conversation(),
        CheckConstraint(f"state in {FETCH_STATES}", name="state"),
        Index("ix_recording_fetch_due", "due_at", postgresql_where=text("state = 'waiting'")),
    )

    project_id: Mapped[project_key] = mapped_column(default=None)
    conversation_id: Mapped[text_key] = mapped_column(default=None)
    track: Mapped[text_key]
    url: Mapped[str] = mapped_column(repr=False)
    endpoint_id: Mapped[int]
    """the endpoint that the report came to, which allowed it"""
    account: Mapped[str | None] = mapped_column(default=None)
    starts_at: Mapped[datetime | None] = mapped_column(default=None)
    state: Mapped[str] = mapped_column(default=WAITING)
    reason: Mapped[str | None] = mapped_column(default=None)
    attempt: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime] = created()
    lease_owner: Mapped[str | None] = mapped_column(default=None)
    lease_until: Mapped[datetime | None] = mapped_column(default=None)
    created_at: Mapped[datetime] = created()


class AudioAnalysis(Base):
    """What was read once from the bytes of a recording: every page and metric that needs it reads it here."""

    __tablename__ = "audio_analysis"
    __table_args__ = (of_project(),)

    project_id: Mapped[project_key] = mapped_column(default=None)
    sha256: Mapped[text_key]
    state: Mapped[str]
    """ready | unreadable"""
    reason: Mapped[str | None] = mapped_column(default=None)
    duration_ms: Mapped[int | None] = mapped_column(default=None)
    sample_rate: Mapped[int | None] = mapped_column(default=None)
    channel_count: Mapped[int | None] = mapped_column(default=None)
    codec: Mapped[str | None] = mapped_column(default=None)
    peaks_per_s: Mapped[int | None] = mapped_column(default=None)
    peaks: Mapped[bytes | None] = mapped_column(LargeBinary, default=None, deferred=True, repr=False)
    """unsigned 8-bit absolute peak per channel and slot: channel 0 whole, then channel 1"""
    voiced: Mapped[JsonList | None] = mapped_column(default=None, repr=False)
    """per channel, raw voiced intervals [[start_ms, end_ms], ...] from the recording's first sample"""
    contour: Mapped[bytes | None] = mapped_column(LargeBinary, default=None, deferred=True, repr=False)
    """pitch, then loudness, per channel: a byte for each slot of evalhub/audio/contour.py, channel after channel"""
    details: Mapped[Json | None] = mapped_column(default=None, repr=False)
    created_at: Mapped[datetime] = created()


class DoomedAudio(Base):
    """Bytes that may have lost their last reference; a job deletes those that did."""

    __tablename__ = "doomed_audio"
    __table_args__ = (of_project(),)

    project_id: Mapped[project_key]
    sha256: Mapped[text_key]
    since: Mapped[datetime] = created()
