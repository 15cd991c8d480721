"""Two sessions with the real service, recorded by others: words, order, usage; and no times, for there are none."""

from pathlib import Path

from evalhub.models import Conversation
from evalhub.traces.formats import openai_realtime


def session(shared_data: Path, name: str) -> Conversation:
    body = (shared_data / "realtime-sessions" / name).read_bytes()
    assert openai_realtime.recognises(body[:1_000], None)
    parsed = openai_realtime.parse(body, None)
    assert parsed.audio == []
    [warning] = parsed.conversations[0].warnings or []
    assert "carry no times" in warning["message"]
    return parsed.conversations[0]


def test_a_spoken_turn_and_its_answer(shared_data: Path) -> None:
    found = session(shared_data, "spoken-turn.jsonl")
    assert [(turn.speaker, turn.text, turn.start_ms, turn.end_ms) for turn in found.turns] == [
        ("caller", "Hello, my name is Marcelo.", None, None),
        ("agent", "Hello, Marcelo! Great to meet you. How can I help you today?", None, None),
    ]
    assert found.turns[0].extra == {"input_audio_ms": [1460, 4256]}
    assert found.prompt is not None
    assert found.prompt.instructions == "Reply in a few words."
    spoken = {row.meter: row.quantity for row in found.usage if "transcription" not in row.id}
    assert spoken == {
        "input_text_tokens": 14,
        "input_audio_tokens": 27,
        "output_text_tokens": 28,
        "output_audio_tokens": 136,
    }


def test_a_typed_question_a_tool_call_and_an_answer(shared_data: Path) -> None:
    found = session(shared_data, "tool-call.jsonl")
    assert [(turn.speaker, turn.text) for turn in found.turns] == [
        ("caller", "What is the weather in London?"),
        ("agent", "It is foggy and 12 degrees in London."),
    ]
    [call] = found.tool_calls
    assert (call.name, call.arguments, call.status, call.turn_id) == (
        "get_weather",
        {"city": "London"},
        "completed",
        found.turns[1].id,
    )
    assert call.result == "It is foggy and 12 degrees in London."
