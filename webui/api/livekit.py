"""LiveKit's own upload (`LIVEKIT_OBSERVABILITY_URL` is this server): OTLP, and each finished session with its sound.

Addresses and bodies are those of livekit-agents 1.8.9; errors are a google.rpc.Status, as its uploader reads them.
"""

from flask import Response

from evalhub.traces.livekit_door import receive_session
from webui.access import livekit_token
from webui.api import otel as standard
from webui.api.multipart import read_parts
from webui.api.otel import otel
from webui.context import db, project, services


@otel.post("/observability/traces/otlp/v0")
@livekit_token
def livekit_traces() -> Response:
    return standard.traces()


@otel.post("/observability/logs/otlp/v0")
@livekit_token
def livekit_logs() -> Response:
    return standard.logs()


@otel.post("/observability/metrics/otlp/v0")
@livekit_token
def livekit_metrics() -> Response:
    return standard.metrics()


@otel.post("/observability/recordings/v0")
@livekit_token
def livekit_recording() -> dict[str, str]:
    return {"id": receive_session(services(), db(), project().id, read_parts())}
