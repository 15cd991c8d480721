"""The three agents of the samples, each in two versions, with the prompts they run on."""

from typing import Any

CHAINED = {"stt": "gpt-4o-transcribe", "llm": "gpt-5-mini", "tts": "gpt-4o-mini-tts"}
SPEECH_TO_SPEECH = {"s2s": "gpt-realtime"}


def stage(name: str, description: str, instructions: str) -> dict[str, Any]:
    return {"id": name, "description": description, "instructions": instructions, "required": True}


def tool(name: str, description: str, required: str, /, **types: str) -> dict[str, Any]:
    """A tool whose parameters are named with their JSON type; `required` lists names, divided by spaces."""
    properties = {key: {"type": kind} for key, kind in types.items()}
    parameters = {
        "type": "object",
        "properties": properties,
        "required": required.split(),
        "additionalProperties": False,
    }
    return {"name": name, "description": description, "parameters": parameters}


GREET = stage("greet", "Greet the caller", "Say the name of the company and ask how you can help.")
CLOSE = stage("close", "Say goodbye", "Thank the caller and say goodbye.")

RETURNS_STYLE = {
    "demeanor": "calm and professional",
    "tone": "warm",
    "energy": "low",
    "pacing": "measured",
    "expressiveness": "medium",
}
RETURNS_STAGES = [
    GREET,
    stage("verify", "Identify the order", "Ask for the order number and look it up before anything else."),
    stage("resolve", "Settle the request", "Say what is possible, ask for a yes, then act."),
    CLOSE,
]
RETURNS_TOOLS = [
    tool("find_order", "Look up an order by its number.", "order_id", order_id="string"),
    tool(
        "start_return",
        "Start a return; a label goes out by email.",
        "order_id reason",
        order_id="string",
        reason="string",
    ),
    tool("order_replacement", "Send a spare part free of charge.", "order_id part", order_id="string", part="string"),
    tool("book_repair", "Book the workshop.", "order_id item", order_id="string", item="string"),
    tool("refund_status", "Ask the refunds team's system where a refund stands.", "order_id", order_id="string"),
    tool("change_address", "Change where an order goes.", "order_id address", order_id="string", address="string"),
]
RETURNS_INSTRUCTIONS = (
    "You answer the returns line of Northridge Outdoor, a shop for sports and travel. "
    "Identify the order first. Repeat nothing the caller has already told you. "
    "Goods may go back within thirty days if they were not used outdoors. "
    "Start a return, a repair or a replacement only after the caller agreed to it. "
    "Never promise a refund or name its date: the refunds team decides. "
    "Keep answers to two or three short sentences. "
)
HAND_OVER = "Hand cases that need the policy read closely to the policy desk, with a summary."

BOOKING_STYLE = {
    "demeanor": "friendly and efficient",
    "tone": "neutral",
    "energy": "medium",
    "pacing": "measured",
    "expressiveness": "medium",
}
BOOKING_STAGES = [
    GREET,
    stage("identify", "Find out who calls", "Ask for the name and look up the appointment if there is one."),
    stage("arrange", "Arrange the appointment", "Offer free times, repeat the choice, ask for a yes, then book."),
    CLOSE,
]
BOOKING_TOOLS = [
    tool("find_appointment", "Look up a patient's next appointment.", "name", name="string"),
    tool("list_openings", "List free times.", "week", week="string"),
    tool("book_appointment", "Book a new appointment.", "name day time", name="string", day="string", time="string"),
    tool("update_appointment", "Move an appointment.", "id day time", id="string", day="string", time="string"),
    tool("delete_appointment", "Cancel an appointment for good.", "id", id="string"),
]
BOOKING_INSTRUCTIONS = (
    "You answer the booking line of Harbor Street Dental. "
    "Book, move and cancel appointments; answer questions about the practice. "
    "Repeat day and time and wait for a yes before you change anything. "
    "Cancel only when the caller asks for it in so many words; to move an appointment, update it. "
)
GIVE_WAY = "Stop talking at once when the caller speaks."

COMPANION_STYLE = {
    "demeanor": "upbeat",
    "tone": "cheerful",
    "energy": "high",
    "pacing": "brisk",
    "expressiveness": "high",
}
COMPANION_STAGES = [
    stage("greet", "Greet the runner", "Greet by first name and ask about the day."),
    stage("encourage", "Encourage", "Listen, take the worry seriously, offer one small step."),
    CLOSE,
]
COMPANION_TOOLS = [
    tool("set_goal", "Set the goal of the next run.", "miles pace", miles="number", pace="string"),
    tool("log_run", "Write a run into the diary.", "miles feeling", miles="number", feeling="string"),
    tool("set_reminder", "Remind the runner.", "day time", day="string", time="string"),
]
COMPANION_INSTRUCTIONS = (
    "You are the voice of Stride, an app that keeps people running. "
    "Sound like a friend who is truly glad to hear from them: lively, warm, quick. "
    "Celebrate small steps. Never scold, never give medical advice. "
)
KEEP_GOING = "A short yes or okay from the runner is no reason to stop talking."


def agent(
    name: str, version: str, prompt_version: str, models: dict[str, str], voice: str, prompt: dict[str, Any]
) -> dict[str, Any]:
    architecture = "chained" if "tts" in models else "speech_to_speech"
    return {
        "agent": {"name": name, "version": version, "architecture": architecture, "models": models, "voice": voice},
        "prompt": {"name": name, "version": prompt_version, **prompt},
    }


def prompt(instructions: str, style: dict[str, str], stages: list[Any], tools: list[Any]) -> dict[str, Any]:
    return {"instructions": instructions, "voice_style": style, "stages": stages, "tools": tools}


RETURNS_PARTS = (RETURNS_STYLE, RETURNS_STAGES, RETURNS_TOOLS)
BOOKING_PARTS = (BOOKING_STYLE, BOOKING_STAGES, BOOKING_TOOLS)
COMPANION_PARTS = (COMPANION_STYLE, COMPANION_STAGES, COMPANION_TOOLS)

RETURNS_OLD = agent("returns-desk", "2026-10-24", "6", CHAINED, "slt", prompt(RETURNS_INSTRUCTIONS, *RETURNS_PARTS))
RETURNS_NEW = agent(
    "returns-desk", "2026-10-31", "7", CHAINED, "slt", prompt(RETURNS_INSTRUCTIONS + HAND_OVER, *RETURNS_PARTS)
)
ASK_SHIPPING = tool(
    "ask_shipping",
    "Ask the shipping agent, who works behind you, where a parcel is.",
    "order_id question",
    order_id="string",
    question="string",
)
RETURNS_ASKING = agent(
    "returns-desk",
    "2026-10-31",
    "8",
    CHAINED,
    "slt",
    prompt(RETURNS_INSTRUCTIONS + HAND_OVER, RETURNS_STYLE, RETURNS_STAGES, [*RETURNS_TOOLS, ASK_SHIPPING]),
)
BOOKING_OLD = agent("booking", "2026-10-22", "3", SPEECH_TO_SPEECH, "awb", prompt(BOOKING_INSTRUCTIONS, *BOOKING_PARTS))
BOOKING_NEW = agent(
    "booking", "2026-10-30", "4", SPEECH_TO_SPEECH, "awb", prompt(BOOKING_INSTRUCTIONS + GIVE_WAY, *BOOKING_PARTS)
)
COMPANION_OLD = agent(
    "companion", "2026-10-23", "11", SPEECH_TO_SPEECH, "slt", prompt(COMPANION_INSTRUCTIONS, *COMPANION_PARTS)
)
COMPANION_NEW = agent(
    "companion",
    "2026-10-30",
    "12",
    SPEECH_TO_SPEECH,
    "slt",
    prompt(COMPANION_INSTRUCTIONS + KEEP_GOING, *COMPANION_PARTS),
)
