"""The exporters that people really use, against the running server: all arrives, through a refusal too."""

from collections.abc import Iterator

import pytest
from agents.tracing import agent_span, custom_span, function_span, trace
from agents.tracing.processors import BackendSpanExporter, BatchTraceProcessor
from agents.tracing.provider import DefaultTraceProvider
from agents.tracing.setup import set_trace_provider
from flask import Flask
from limits.strategies import FixedWindowRateLimiter
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from evalhub.models import Conversation, Span, ToolCall
from evalhub.services import Services
from tests.db.http.conftest import Cast
from tests.db.traces.sending import settle
from tests.serving import refuse_every_second, serving

pytestmark = pytest.mark.db
COUNT = 700
"""spans: more than the exporter puts in one request"""


@pytest.fixture
def address(app: Flask) -> Iterator[str]:
    """Where the application listens."""
    with serving(app) as found:
        yield found


def emit(address: str, key: str, **options: object) -> None:
    """A call of many spans, sent as an agent would and flushed at the end of its process."""
    exporter = OTLPSpanExporter(f"{address}/v1/traces", headers={"authorization": f"Bearer {key}"}, **options)
    provider = TracerProvider(resource=Resource({"service.name": "desk"}), shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    tracer = provider.get_tracer("test")
    with tracer.start_as_current_span("call", attributes={"gen_ai.conversation.id": "call-1"}):
        for number in range(COUNT - 1):
            with tracer.start_as_current_span(f"step {number}", attributes={"number": number, "words": ["a", "b"]}):
                pass
    provider.shutdown()


def stored(services: Services, session: Session) -> tuple[list[str], int]:
    settle(services)
    return list(session.scalars(select(Conversation.id))), session.scalar(select(func.count()).select_from(Span)) or 0


@pytest.mark.parametrize("compression", [Compression.NoCompression, Compression.Gzip])
def test_the_python_exporter_loses_nothing(
    address: str, cast: Cast, services: Services, session: Session, compression: Compression
) -> None:
    emit(address, cast.keys["ingest"], compression=compression)
    assert stored(services, session) == (["call-1"], COUNT)


def test_the_python_exporter_comes_back_after_a_refusal(
    address: str, cast: Cast, services: Services, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse_every_second(monkeypatch)
    emit(address, cast.keys["ingest"])
    assert stored(services, session) == (["call-1"], COUNT)


def test_the_python_exporter_of_logs(address: str, cast: Cast) -> None:
    exporter = OTLPLogExporter(f"{address}/v1/logs", headers={"x-api-key": cast.keys["ingest"]})
    assert exporter.export([]).name == "SUCCESS"


@pytest.mark.parametrize("server", ["well", "refusing", "limiting"])
def test_the_agents_sdk_exports_with_its_own_exporter(
    address: str, cast: Cast, services: Services, session: Session, monkeypatch: pytest.MonkeyPatch, server: str
) -> None:
    """Also through a 503 and a 429."""
    if server == "refusing":
        refuse_every_second(monkeypatch)
    if server == "limiting":
        taken = iter([False, True] * 20)
        monkeypatch.setattr(FixedWindowRateLimiter, "hit", lambda *_: next(taken))
    exporter = BackendSpanExporter(api_key=cast.keys["ingest"], endpoint=f"{address}/v1/traces/ingest")
    provider = DefaultTraceProvider()
    processor = BatchTraceProcessor(exporter)
    provider.set_processors([processor])
    set_trace_provider(provider)
    with trace("desk", group_id="call-1", metadata={"user_id": "u-1"}), agent_span("Front desk"):
        with custom_span("task", {"sdk_span_type": "task"}):
            pass
        with function_span("find", input='{"day": "friday"}', output="{'ok': True}"):
            pass
    processor.shutdown()
    exporter.close()
    assert stored(services, session) == (["call-1"], 4)
    assert session.execute(select(ToolCall.name, ToolCall.arguments, ToolCall.result)).all() == [
        ("find", {"day": "friday"}, {"ok": True})
    ]
    assert session.scalars(select(Conversation.user_id)).all() == ["u-1"]
