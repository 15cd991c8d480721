"""Voice calls as spans: what the instrumentation of a phone agent sends, in the order in which the spans end.

A call is 30 spans: five turns of the caller (`user_turn`, under it `stt`) and of the agent (`agent_turn`, under it
`llm`, from the second turn on `tool`, `tts`), at last `conversation`, the root. A span is about 910 bytes as protobuf,
in the words of OpenInference and of OpenTelemetry's GenAI conventions.
"""

import hashlib
import json
import random
import time
from collections.abc import Mapping, Sequence
from itertools import count

from opentelemetry.proto.common.v1.common_pb2 import AnyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

TAG = "zqxj"
"""ends every id, and is replaced when a body is made fresh"""
SPANS_A_CALL = 30
TURNS = 5
SPANS_A_TURN = 6  # one less in the first turn, which has no tool; steps not counted
MS = 10**6
AGO_NS = 3600 * 1000 * MS
WORDS = """
hello yes no sure sorry please thanks order number jacket boots bike repair delivery parcel monday friday morning noon
evening seven twelve forty euro card paid refund size colour blue grey small large shop courier tracking code wait
moment look here found sent back again could would have need want change keep cancel confirm address street my your the
a and or but with for from until because really already perhaps tomorrow yesterday today
""".split()  # noqa: SIM905  (words read better than a list of strings)
Value = str | int | float | bool


def call(number: int, steps_a_turn: Sequence[int] = (0,) * TURNS) -> list[Span]:
    """The spans of one call; `number` decides what is said in it.

    There are as many turns as there are numbers of steps: spans under the agent's turn that no dialect knows.
    """
    made = _Call(number)
    top, start, heard = made.name(), made.clock, list[tuple[str, str]]()
    for index, steps in enumerate(steps_a_turn):
        heard.append(("user", _caller_speaks(made, top, index)))
        heard.append(("assistant", _agent_answers(made, top, index, heard, steps)))
    caller = {"user.id": f"caller-{number % 977}", "agent.version": "2.3.0", "call.direction": "inbound"}
    made.add("conversation", "CHAIN", start, top, b"", caller)
    return made.spans


class _Call:
    """A call in the making: its clock in unix nanoseconds, its spans until now."""

    def __init__(self, number: int) -> None:
        self.number, self.draw = number, random.Random(number)
        self.trace_id = hashlib.sha256(f"call {number}".encode()).digest()[:12] + TAG.encode()
        self.clock = time.time_ns() - AGO_NS
        self.spans: list[Span] = []
        self._names = count(number * 10**5 + 1)

    def name(self) -> bytes:
        """A span's id; the odd factor scatters the numbers and keeps them different."""
        return (next(self._names) * 2654435761 % 2**32).to_bytes(4) + TAG.encode()

    def words(self, least: int, most: int) -> str:
        return " ".join(self.draw.choices(WORDS, k=self.draw.randint(least, most)))

    def wait(self, least_ms: int, most_ms: int) -> int:
        """Let time pass; returns when that began."""
        start = self.clock
        self.clock += self.draw.randint(least_ms, most_ms) * MS
        return start

    def add(self, name: str, kind: str, start: int, own: bytes, under: bytes, told: Mapping[str, Value]) -> None:
        """A span that ends now."""
        span = Span(trace_id=self.trace_id, span_id=own, parent_span_id=under, name=name)
        span.start_time_unix_nano, span.end_time_unix_nano = start, self.clock
        span.status.code = Status.STATUS_CODE_OK
        whose = {"openinference.span.kind": kind, "session.id": f"bench-{TAG}-{self.number}"}
        for key, value in (whose | dict(told)).items():
            _set(span.attributes.add(key=key).value, value)
        self.spans.append(span)


def _set(place: AnyValue, value: Value) -> None:
    kinds = {str: "string_value", bool: "bool_value", int: "int_value", float: "double_value"}
    setattr(place, kinds[type(value)], value)


def _caller_speaks(made: _Call, top: bytes, index: int) -> str:
    turn, start, said = made.name(), made.wait(1200, 5000), made.words(40, 90)
    heard: dict[str, Value] = {"voice.stt.transcript": said, "output.value": said, "voice.stt.confidence": 0.93}
    heard |= {"gen_ai.provider.name": "deepgram", "gen_ai.request.model": "nova-3", "voice.turn.index": index}
    made.add("stt", "CHAIN", made.wait(90, 400), made.name(), turn, heard)
    told: dict[str, Value] = {"input.value": said, "voice.role": "user", "voice.turn.index": index}
    made.add("user_turn", "CHAIN", start, turn, top, told)
    return said


def _agent_answers(made: _Call, top: bytes, index: int, heard: list[tuple[str, str]], steps: int) -> str:
    turn, start, reply = made.name(), made.clock, made.words(40, 90)
    _model_thinks(made, turn, heard, reply)
    if index:
        _tool_runs(made, turn, f"call_{made.number}_{index}")
    for step in range(steps):
        made.add("step", "CHAIN", made.wait(1, 9), made.name(), turn, {"step": step, "input.value": made.words(40, 90)})
    voice: dict[str, Value] = {"gen_ai.request.model": "sonic-2", "voice.tts.voice": "ada", "voice.tts.ttfb_ms": 120}
    made.add("tts", "CHAIN", made.wait(900, 5000), made.name(), turn, {"input.value": reply} | voice)
    told: dict[str, Value] = {"output.value": reply, "voice.role": "agent", "voice.turn.index": index}
    made.add("agent_turn", "AGENT", start, turn, top, told)
    return reply


def _model_thinks(made: _Call, turn: bytes, heard: list[tuple[str, str]], reply: str) -> None:
    told: dict[str, Value] = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-5-mini"}
    told |= {"gen_ai.usage.input_tokens": 60 * len(heard), "gen_ai.usage.output_tokens": len(reply) // 4}
    for place, (role, text) in enumerate(heard[-3:]):
        told |= _message(f"llm.input_messages.{place}", role, text)
    told |= _message("llm.output_messages.0", "assistant", reply)
    made.add("llm", "LLM", made.wait(300, 1400), made.name(), turn, told | {"llm.model_name": "gpt-5-mini"})


def _message(place: str, role: str, text: str) -> dict[str, Value]:
    return {f"{place}.message.role": role, f"{place}.message.content": text}


def _tool_runs(made: _Call, turn: bytes, name: str) -> None:
    asked = {"customer": made.draw.randint(10**6, 10**7), "day": "2026-11-20", "note": made.words(8, 16)}
    found = {"ok": True, "reference": made.draw.randint(1, 10**9), "text": made.words(8, 16)}
    told = {"tool.name": "find_order", "gen_ai.tool.call.id": name, "gen_ai.operation.name": "execute_tool"}
    values = {"input.value": json.dumps(asked), "output.value": json.dumps(found)}
    made.add("tool", "TOOL", made.wait(40, 600), made.name(), turn, told | values)
