"""A short chained session of the released livekit-agents, with its own uploader.

Run by the Python of an environment that has livekit-agents. `LIVEKIT_OBSERVABILITY_URL`, `LIVEKIT_API_KEY` and
`LIVEKIT_API_SECRET` say where it uploads to, as in production. The detector of speech is LiveKit's own, the transcriber
and the model answer from a script, both voices are cut out of a sample trace.
"""

import asyncio
import json
from collections import deque

from livekit.agents import Agent, AgentSession, function_tool, llm, stt, tts, utils
from livekit.agents.inference import VAD
from livekit.agents.job import JobContext
from rig import RATE, VOICES, Microphone, hold, said

HEARD = deque(["It's A one two three four five.", "No, I only stood on it in the living room."])
FOUND = "Good, I have the snowboard here. I'll pass you to our policy desk, and they will finish this with you."
GOODBYE = "You're welcome. Goodbye."
ANSWERS = {
    HEARD[0]: ("find_order", {"number": "A12345"}),
    "find_order": FOUND,
    HEARD[1]: ("start_return", {"number": "A12345"}),
    "start_return": ("to_policy_desk", {}),
}
"""by the last thing in the conversation: what the caller said, or which tool gave something"""


class Transcriber(stt.STT):
    """Hears what the script says."""

    model, provider = "scripted-stt", "script"

    def __init__(self) -> None:
        super().__init__(capabilities=stt.STTCapabilities(streaming=False, interim_results=False))

    async def _recognize_impl(self, *_, **__):  # type: ignore[no-untyped-def]
        text = HEARD.popleft() if HEARD else ""
        return stt.SpeechEvent(
            type=stt.SpeechEventType.FINAL_TRANSCRIPT, alternatives=[stt.SpeechData(language="en", text=text)]
        )


class Model(llm.LLM):
    """Answers what the script says."""

    model, provider = "scripted-llm", "script"

    def chat(self, *, chat_ctx, tools=None, conn_options=None, **_):  # type: ignore[no-untyped-def]
        return Answer(self, chat_ctx=chat_ctx, tools=tools or [], conn_options=conn_options)


class Answer(llm.LLMStream):
    """One answer: words, or tools to call."""

    async def _run(self) -> None:
        await asyncio.sleep(0.2)
        last = self._chat_ctx.items[-1]
        key = last.name if last.type == "function_call_output" else getattr(last, "text_content", None)
        delta = self._delta(ANSWERS.get(key, GOODBYE))
        self._event_ch.send_nowait(llm.ChatChunk(id=utils.shortuuid("chat-"), delta=delta))
        usage = llm.CompletionUsage(
            completion_tokens=20, prompt_tokens=120, prompt_cached_tokens=64, total_tokens=140, cache_read_tokens=64
        )
        self._event_ch.send_nowait(llm.ChatChunk(id="usage", usage=usage))

    def _delta(self, said: str | tuple[str, dict[str, str]]) -> llm.ChoiceDelta:
        if isinstance(said, str):
            return llm.ChoiceDelta(role="assistant", content=said)
        name, arguments = said
        call = llm.FunctionToolCall(name=name, arguments=json.dumps(arguments), call_id=utils.shortuuid("call_"))
        return llm.ChoiceDelta(role="assistant", tool_calls=[call])


class Speech(tts.TTS):
    """Speaks with the voice of the sample."""

    model, provider = "sampled-voice", "script"

    def __init__(self) -> None:
        super().__init__(capabilities=tts.TTSCapabilities(streaming=False), sample_rate=RATE, num_channels=1)

    def synthesize(self, text, *, conn_options=None):  # type: ignore[no-untyped-def]
        return Spoken(tts=self, input_text=text, conn_options=conn_options)


class Spoken(tts.ChunkedStream):
    """The sound of one text: that of the turn it is part of, from where it lies in it."""

    async def _run(self, output: tts.AudioEmitter) -> None:
        output.initialize(request_id="r", sample_rate=RATE, num_channels=1, mime_type="audio/pcm")
        text = self.input_text.strip()
        whole = next(said for said in VOICES if text in said)
        share = [whole.index(text) / len(whole), (whole.index(text) + len(text)) / len(whole)]
        samples = VOICES[whole]
        start, end = (int(part * len(samples) / 2) * 2 for part in share)
        output.push(samples[start:end])
        output.flush()


class FrontDesk(Agent):
    """Looks the order up and passes the caller on."""

    def __init__(self) -> None:
        super().__init__(id="front-desk", instructions="You take returns for a sports shop.")

    async def on_enter(self) -> None:
        self.session.say(next(iter(VOICES)))

    @function_tool
    async def find_order(self, number: str) -> dict:  # type: ignore[type-arg]
        """Find an order by its number."""
        await asyncio.sleep(0.05)
        return {"number": number, "item": "snowboard"}

    @function_tool
    async def start_return(self, number: str) -> str:
        """Start the return of an order."""
        del number
        raise llm.ToolError("the label printer is out of paper")

    @function_tool
    async def to_policy_desk(self) -> Agent:
        """Pass the caller to the policy desk."""
        return PolicyDesk()


class PolicyDesk(Agent):
    """Says goodbye."""

    def __init__(self) -> None:
        super().__init__(id="policy-desk", instructions="You finish returns. Say goodbye.")

    async def on_enter(self) -> None:
        self.session.generate_reply()


async def call(context: JobContext, session: AgentSession, microphone: Microphone) -> None:
    """The caller gives a number, cuts in, and is passed on."""
    texts = list(HEARD)
    await session.start(FrontDesk(), record=True)
    await said(session, next(iter(VOICES)))
    microphone.queued += VOICES[texts[0]]
    while session.agent_state != "speaking":
        await asyncio.sleep(0.1)
    await asyncio.sleep(2.5)
    microphone.queued += VOICES[texts[1]]
    await said(session, GOODBYE)
    context.tagger.add("label:sent", metadata={"parcel": "P-1"})
    context.tagger.fail(reason="the label was not printed")


def a_session() -> AgentSession:
    """Speech to text, model, text to speech."""
    return AgentSession(
        stt=Transcriber(),
        vad=VAD(model="silero"),
        llm=Model(),
        tts=Speech(),
        turn_handling={"turn_detection": "vad", "endpointing": {"min_delay": 0.5}},
    )


if __name__ == "__main__":
    hold(a_session, call)
