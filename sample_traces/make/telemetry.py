"""What the agent's stack would have reported: where the latency of each answer went, and what was used."""

from typing import Any

from script import Scene
from timeline import Timeline, Turn

CHAINED_PARTS = {
    "end_of_turn_wait": (260, 0.35),
    "stt": (110, 0.15),
    "tts_first_byte": (140, 0.18),
    "transport": (40, 0.05),
}
"""milliseconds a part usually takes, and the most it takes of a short wait; the model has the rest"""
UNEXPLAINED_MS = 10


def stage_timings(scene: Scene, timeline: Timeline) -> list[dict[str, Any]]:
    """For a chained agent: the stages of every answer; they sum to the heard latency but for a small remainder."""
    if scene.agent["agent"]["architecture"] != "chained":
        return []
    pairs = zip(timeline.turns, timeline.turns[1:], strict=False)
    answers = [
        (before, turn) for before, turn in pairs if (before.say.speaker, turn.say.speaker) == ("caller", "agent")
    ]
    return [
        timing for before, turn in answers for timing in stages(before, turn, timeline) if turn.start_ms > before.end_ms
    ]


def stages(before: Turn, turn: Turn, timeline: Timeline) -> list[dict[str, Any]]:
    calls = [call for call in timeline.tool_calls if call["turn_id"] == turn.id]
    spent = {"tool": sum(call["end_ms"] - call["start_ms"] for call in calls)} if calls else {}
    rest = turn.start_ms - before.end_ms - sum(spent.values())
    spent |= {stage: min(usual, int(rest * most)) for stage, (usual, most) in CHAINED_PARTS.items()}
    spent["llm_first_token"] = turn.start_ms - before.end_ms - sum(spent.values()) - UNEXPLAINED_MS
    return [{"turn_id": turn.id, "stage": stage, "ms": ms} for stage, ms in spent.items()]


def usage(scene: Scene, timeline: Timeline) -> list[dict[str, Any]]:
    """Every agent turn reads the instructions and all that was said, and speaks its text."""
    metered = chained_usage if scene.agent["agent"]["architecture"] == "chained" else realtime_usage
    models, prompt = scene.agent["agent"]["models"], tokens(str(scene.agent["prompt"]))
    items = []
    for at, turn in enumerate(timeline.turns):
        if turn.say.speaker == "agent":
            items += [item | {"turn_id": turn.id} for item in metered(models, prompt, timeline.turns[:at], turn)]
    return [item for item in items if item["quantity"]]


def chained_usage(models: dict[str, str], prompt: int, before: list[Turn], turn: Turn) -> list[dict[str, Any]]:
    history = sum(tokens(turn.say.text) for turn in before)
    heard = before[-1].speech.ms / 1000 if before and before[-1].say.speaker == "caller" else 0
    return [
        used(models["stt"], "audio_seconds", round(heard, 1)),
        used(models["llm"], "input_tokens", history if before else prompt),
        used(models["llm"], "cached_input_tokens", prompt if before else 0),
        used(models["llm"], "output_tokens", tokens(turn.say.text)),
        used(models["tts"], "input_text_tokens", tokens(turn.say.text)),
        used(models["tts"], "output_audio_tokens", turn.speech.ms // 50),
    ]


def realtime_usage(models: dict[str, str], prompt: int, before: list[Turn], turn: Turn) -> list[dict[str, Any]]:
    """A token of audio is 100 ms heard or 50 ms spoken. Meters do not overlap: what was cached is not new input."""
    heard = sum(turn.speech.ms // (100 if turn.say.speaker == "caller" else 50) for turn in before)
    new = before[-1].speech.ms // 100 if before else 0
    return [
        used(models["s2s"], "input_text_tokens", 0 if before else prompt),
        used(models["s2s"], "cached_input_text_tokens", prompt if before else 0),
        used(models["s2s"], "input_audio_tokens", new),
        used(models["s2s"], "cached_input_audio_tokens", heard - new),
        used(models["s2s"], "output_text_tokens", tokens(turn.say.text)),
        used(models["s2s"], "output_audio_tokens", turn.speech.ms // 50),
    ]


def used(model: str, meter: str, quantity: float) -> dict[str, Any]:
    return {"model": model, "meter": meter, "quantity": quantity}


def tokens(text: str) -> int:
    return -(-len(text) // 4)
