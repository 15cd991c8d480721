"""Files of spans without a server: put together across files, in every encoding that collectors write."""

import gzip
import json
from pathlib import Path

import pytest

from evalhub import offline
from evalhub.errors import BadInput
from evalhub.traces.formats import agents_sdk, otlp, otlp_file
from evalhub.traces.receive import recognise
from tests.pure.traces.samples import SAMPLES
from tests.pure.traces.traced import bodies

SPAN = {"traceId": "5b8efff798038103d269b633813fc60c", "spanId": "eee19b7ec3c1b174", "name": "chat"}


def line(**span: object) -> bytes:
    return json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [SPAN | span]}]}]}).encode()


def test_a_call_in_many_files_is_one_call(tmp_path: Path) -> None:
    loaded, problems = offline.read([SAMPLES / "livekit"], tmp_path)
    assert problems == []
    [call] = [one.conversation for one in loaded if one.format == "otlp"]
    assert (call.id, len(call.turns), len(call.spans)) == ("RM_f2df268199f3", 9, 93)


def test_logs_are_joined_to_spans_of_another_file(tmp_path: Path) -> None:
    loaded, _ = offline.read([SAMPLES / "otel_genai" / "proto_default"], tmp_path)
    assert [turn.speaker for turn in loaded[0].conversation.turns] == ["caller", "agent"]


def test_a_packed_file_reads_like_any_other(tmp_path: Path) -> None:
    packed = tmp_path / "one.pb.gz"
    packed.write_bytes(gzip.compress((SAMPLES / "livekit" / "012.body.pb").read_bytes()))
    [one] = offline.load([packed], tmp_path)
    assert one.conversation.id == "RM_f2df268199f3"


def test_one_request_a_line() -> None:
    body = line() + b"\n" + line(spanId="aaaaaaaaaaaaaaaa")
    assert recognise(body, None) == otlp_file.NAME
    assert len(otlp_file.decode(body).spans) == 2


@pytest.mark.parametrize("folder", ["livekit", "otel_genai/proto_latest", "otel_genai/json_latest"])
def test_requests_are_told_from_records(folder: str) -> None:
    kinds = [kind for _, body in bodies(folder) for kind, _, _ in otlp_file.requests(body)]
    assert otlp.TRACES in kinds
    assert (otlp.LOGS in kinds) == folder.startswith("otel_genai")


def test_an_export_of_the_agents_sdk_is_recognised() -> None:
    head = (SAMPLES / "openai_agents" / "001.body.json").read_bytes()
    assert recognise(head, None) == agents_sdk.NAME


def test_a_file_without_spans_says_so(tmp_path: Path) -> None:
    empty = tmp_path / "empty.json"
    empty.write_bytes(b'{"resourceSpans": []}')
    with pytest.raises(BadInput):
        offline.load([empty], tmp_path)


def test_metrics_are_no_records() -> None:
    body = gzip.decompress((SAMPLES / "livekit_upload" / "009.body.pb.gz").read_bytes())
    assert otlp_file.requests(body) == []
    assert otlp_file.requests(b'{"resourceMetrics": []}') == []
    assert len(otlp_file.requests(b'{"resourceSpans": []}')) == 1


def test_a_log_record_with_an_id_of_another_length_belongs_to_no_trace() -> None:
    record = {"traceId": "ab" * 20, "spanId": "cd" * 3, "body": {"stringValue": "x"}}
    body = json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": [record]}]}]}).encode()
    [log] = otlp.decode_logs(body, json=True).logs
    assert (log.trace_id, log.span_id) == (None, None)
