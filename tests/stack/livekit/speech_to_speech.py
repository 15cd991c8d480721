"""A short speech-to-speech session of the released livekit-agents, with its own uploader; run as chained.py.

The realtime model is a script: it notices the caller, transcribes late, calls a tool, answers in sound.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

from livekit import rtc
from livekit.agents import Agent, AgentSession, function_tool, llm, utils
from livekit.agents.job import JobContext
from livekit.agents.llm import realtime
from livekit.agents.metrics import RealtimeModelMetrics
from livekit.agents.metrics.base import Metadata
from rig import RATE, VOICES, Microphone, hold, said

GREETING, *_ = VOICES
ASKED, CUT_IN = "It's A one two three four five.", "No, I only stood on it in the living room."
FOUND = "Good, I have the snowboard here. I'll pass you to our policy desk, and they will finish this with you."
GOODBYE = "You're welcome. Goodbye."
USAGE = RealtimeModelMetrics.InputTokenDetails(
    audio_tokens=80,
    text_tokens=20,
    cached_tokens=30,
    cached_tokens_details=RealtimeModelMetrics.CachedTokenDetails(audio_tokens=20, text_tokens=10),
)


class Model(realtime.RealtimeModel):
    """As OpenAI's: the server notices when the caller speaks."""

    model, provider = "scripted-s2s", "script"

    def __init__(self) -> None:
        able = dict.fromkeys(("message_truncation", "turn_detection", "user_transcription", "audio_output"), True)
        able |= dict.fromkeys(("mutable_chat_context", "mutable_instructions", "mutable_tools"), True)
        unable = dict.fromkeys(("auto_tool_reply_generation", "manual_function_calls"), False)
        super().__init__(capabilities=realtime.RealtimeCapabilities(**able, **unable))
        self.open: Script | None = None

    def session(self, **_: Any) -> "Script":
        self.open = Script(self)
        return self.open

    async def aclose(self) -> None:
        """Nothing is open."""


class Script(realtime.RealtimeSession):
    """A connection to it."""

    chat_ctx, tools = llm.ChatContext.empty(), llm.ToolContext.empty()

    def generate_reply(self, **_: Any) -> asyncio.Future[realtime.GenerationCreatedEvent]:
        """What it says once a tool gave something."""
        found = asyncio.get_running_loop().create_future()
        found.set_result(self._response(FOUND, user_initiated=True))
        return found

    def answer(self, text: str) -> None:
        self.emit("generation_created", self._response(text))

    def call(self, name: str, arguments: dict[str, str]) -> None:
        self.emit("generation_created", self._response(None, tool=(name, json.dumps(arguments))))

    async def hear(self, microphone: Microphone, text: str, *, late: float) -> None:
        """The caller speaks; the words are there some seconds after that."""
        microphone.queued += VOICES[text]
        self.emit("input_speech_started", realtime.InputSpeechStartedEvent())
        await asyncio.sleep(len(VOICES[text]) / 2 / RATE)
        self.emit("input_speech_stopped", realtime.InputSpeechStoppedEvent(user_transcription_enabled=True))
        item = realtime.InputTranscriptionCompleted(item_id=utils.shortuuid("item_"), transcript=text, is_final=True)
        asyncio.get_running_loop().call_later(late, self.emit, "input_audio_transcription_completed", item)

    def _response(
        self, text: str | None, *, tool: tuple[str, str] | None = None, user_initiated: bool = False
    ) -> realtime.GenerationCreatedEvent:
        response_id = utils.shortuuid("resp_")
        asyncio.get_running_loop().call_later(0.3, self.emit, "metrics_collected", _used(response_id))
        return realtime.GenerationCreatedEvent(
            message_stream=_each([_message(text)] if text else []),
            function_stream=_each([_called(*tool)] if tool else []),
            user_initiated=user_initiated,
            response_id=response_id,
        )

    async def update_instructions(self, instructions: str) -> None: ...
    async def update_chat_ctx(self, chat_ctx: llm.ChatContext) -> None: ...
    async def update_tools(self, tools: list[llm.Tool]) -> None: ...
    def update_options(self, **_: Any) -> None: ...
    def push_audio(self, frame: rtc.AudioFrame) -> None: ...
    def push_video(self, frame: rtc.VideoFrame) -> None: ...
    def commit_audio(self) -> None: ...
    def clear_audio(self) -> None: ...
    def interrupt(self) -> None: ...
    def truncate(self, **_: Any) -> None: ...
    async def aclose(self) -> None: ...


def _used(response_id: str) -> RealtimeModelMetrics:
    return RealtimeModelMetrics(
        request_id=response_id,
        timestamp=time.time(),
        duration=0.3,
        ttft=0.2,
        input_tokens=100,
        output_tokens=50,
        total_tokens=150,
        input_token_details=USAGE,
        output_token_details=RealtimeModelMetrics.OutputTokenDetails(text_tokens=10, audio_tokens=40),
        metadata=Metadata(model_name=Model.model, model_provider=Model.provider),
    )


def _message(text: str) -> realtime.MessageGeneration:
    modalities = asyncio.get_running_loop().create_future()
    modalities.set_result(["audio", "text"])
    return realtime.MessageGeneration(
        message_id=utils.shortuuid("item_"),
        text_stream=_each([text]),
        audio_stream=_each(_frames(VOICES[text])),
        modalities=modalities,
    )


def _frames(sound: bytes) -> Iterator[rtc.AudioFrame]:
    size = RATE // 10 * 2
    for start in range(0, len(sound), size):
        data = sound[start : start + size]
        yield rtc.AudioFrame(data=data, sample_rate=RATE, num_channels=1, samples_per_channel=len(data) // 2)


def _called(name: str, arguments: str) -> llm.FunctionCall:
    return llm.FunctionCall(call_id=utils.shortuuid("call_"), name=name, arguments=arguments)


async def _each(items: Any) -> AsyncIterator[Any]:
    for item in items:
        yield item


class FrontDesk(Agent):
    """Looks the order up."""

    def __init__(self) -> None:
        super().__init__(id="front-desk", instructions="You take returns for a sports shop.")

    @function_tool
    async def find_order(self, number: str) -> dict:  # type: ignore[type-arg]
        """Find an order by its number."""
        await asyncio.sleep(0.05)
        return {"number": number, "item": "snowboard"}


async def call(context: JobContext, session: AgentSession, microphone: Microphone) -> None:
    """The caller gives a number, and cuts in; what was said is transcribed while the agent answers already."""
    await session.start(FrontDesk(), record=True)
    model: Script = session.llm.open  # type: ignore[union-attr]
    model.answer(GREETING)
    await said(session, GREETING)
    await model.hear(microphone, ASKED, late=0.3)
    model.call("find_order", {"number": "A12345"})
    await asyncio.sleep(3)
    await model.hear(microphone, CUT_IN, late=1.0)
    await asyncio.sleep(0.3)
    model.answer(GOODBYE)
    await said(session, GOODBYE)
    context.tagger.success()


if __name__ == "__main__":
    hold(lambda: AgentSession(llm=Model()), call)
