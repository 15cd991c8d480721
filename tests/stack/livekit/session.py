"""A short session of the released livekit-agents, with its own uploader: everything real but the models and the room.

Run by the Python of an environment that has livekit-agents. `LIVEKIT_OBSERVABILITY_URL`, `LIVEKIT_API_KEY` and
`LIVEKIT_API_SECRET` say where it uploads to, as in production. Both voices are cut out of a sample trace; the detector
of speech is LiveKit's own, the transcriber and the model answer from a script. It prints the room's sid.
"""

import asyncio
import json
import logging
import sys
import time
from collections import deque
from pathlib import Path

import av
import numpy as np
from livekit import rtc
from livekit.agents import Agent, AgentSession, function_tool, llm, stt, tts, utils
from livekit.agents.inference import VAD
from livekit.agents.ipc.job_proc_lazy_main import _start_job_span
from livekit.agents.job import (
    JobAcceptArguments,
    JobContext,
    JobExecutorType,
    JobProcess,
    RunningJobInfo,
    _JobContextVar,
)
from livekit.agents.utils import http_context
from livekit.agents.voice import io
from livekit.protocol import agent as agent_proto
from livekit.protocol import models
from opentelemetry import trace

RATE = 16_000
FRAME = RATE // 50
SAMPLE = Path(__file__).parents[3] / "sample_traces" / "native" / "snowboard-return" / "snowboard-return"
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


def _voices() -> dict[str, bytes]:
    """What is said in the sample, by its words: 16-bit samples at 16 kHz."""
    with av.open(str(SAMPLE.with_suffix(".opus"))) as file:
        resampler = av.AudioResampler("s16", "stereo", RATE)
        frames = [part for frame in file.decode(audio=0) for part in resampler.resample(frame)]
    sound = np.concatenate([frame.to_ndarray().reshape(-1, 2) for frame in frames])
    turns = json.loads(SAMPLE.with_suffix(".json").read_text())["turns"]
    channel = {"caller": 0, "user": 0, "agent": 1}
    return {
        turn["text"]: sound[turn["start_ms"] * 16 : turn["end_ms"] * 16, channel[turn["speaker"]]].tobytes()
        for turn in turns
    }


VOICES = _voices()


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


class Microphone(io.AudioInput):
    """Silence, and what was queued to be said, at the pace of time."""

    def __init__(self) -> None:
        super().__init__(label="microphone")
        self.queued = bytearray()
        self.next_at = time.monotonic()

    async def __anext__(self) -> rtc.AudioFrame:
        self.next_at = max(self.next_at + FRAME / RATE, time.monotonic() - 0.1)
        await asyncio.sleep(max(0.0, self.next_at - time.monotonic()))
        data = bytes(self.queued[: FRAME * 2]).ljust(FRAME * 2, b"\0")
        del self.queued[: FRAME * 2]
        return rtc.AudioFrame(data=data, sample_rate=RATE, num_channels=1, samples_per_channel=FRAME)


class Speaker(io.AudioOutput):
    """Plays at the pace of time, and says how far it came."""

    def __init__(self) -> None:
        super().__init__(label="speaker", capabilities=io.AudioOutputCapabilities(pause=False), sample_rate=RATE)
        self.length, self.since, self.playing = 0.0, 0.0, None

    async def capture_frame(self, frame: rtc.AudioFrame) -> None:
        await super().capture_frame(frame)
        if not self.length:
            self.since = time.time()
            self.on_playback_started(created_at=self.since)
        self.length += frame.duration

    def flush(self) -> None:
        super().flush()
        if self.length:
            self.playing = asyncio.create_task(self._finish())

    async def _finish(self) -> None:
        await asyncio.sleep(max(0.0, self.since + self.length - time.time()))
        self._stop(interrupted=False)

    def _stop(self, *, interrupted: bool) -> None:
        played = min(self.length, time.time() - self.since)
        self.length, self.playing = 0.0, None
        self.on_playback_finished(playback_position=played, interrupted=interrupted)

    def clear_buffer(self) -> None:
        if self.playing:
            self.playing.cancel()
        if self.length:
            self._stop(interrupted=True)


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


def job(room: rtc.Room) -> JobContext:
    """The job of a worker whose room is connected already."""
    work = agent_proto.Job(
        id=utils.shortuuid("AJ_"),
        room=models.Room(name="returns", sid=utils.shortuuid("RM_")),
        type=agent_proto.JobType.JT_ROOM,
        agent_name="returns-desk",
        enable_recording=True,
    )
    info = RunningJobInfo(
        accept_arguments=JobAcceptArguments(identity="agent", name="", metadata=""),
        job=work,
        url="ws://127.0.0.1:1",
        token="",
        worker_id="worker",
        fake_job=False,
    )
    proc = JobProcess(executor_type=JobExecutorType.PROCESS, user_arguments=None, http_proxy=None)
    context = JobContext(
        proc=proc,
        info=info,
        room=room,
        on_connect=lambda: None,
        on_shutdown=lambda _: None,
        inference_executor=None,  # type: ignore[arg-type]
    )
    context._connected = True
    return context


async def call(context: JobContext, session: AgentSession, microphone: Microphone) -> None:
    """The caller gives a number, cuts in, and is passed on."""
    texts = list(HEARD)
    await session.start(FrontDesk(), record=True)
    await _said(session, next(iter(VOICES)))
    microphone.queued += VOICES[texts[0]]
    while session.agent_state != "speaking":
        await asyncio.sleep(0.1)
    await asyncio.sleep(2.5)
    microphone.queued += VOICES[texts[1]]
    await _said(session, GOODBYE)
    context.tagger.add("label:sent", metadata={"parcel": "P-1"})
    context.tagger.fail(reason="the label was not printed")


async def _said(session: AgentSession, text: str) -> None:
    """Wait until the agent has said this."""
    async with asyncio.timeout(30):
        while text not in [message.text_content for message in session.history.messages()]:
            await asyncio.sleep(0.1)


async def main() -> None:
    """Run the session as a worker's process does, up to the end of its uploads."""
    room = rtc.Room()
    context = job(room)
    context._on_setup()
    context._start_log_buffering()
    context._prepare_telemetry()
    _JobContextVar.set(context)
    http_context._new_session_ctx()
    microphone = Microphone()
    with trace.use_span(_start_job_span(context), end_on_exit=True):
        session = AgentSession(
            stt=Transcriber(),
            vad=VAD(model="silero"),
            llm=Model(),
            tts=Speech(),
            turn_handling={"turn_detection": "vad", "endpointing": {"min_delay": 0.5}},
        )
        session.input.audio, session.output.audio = microphone, Speaker()
        await call(context, session, microphone)
        await session.aclose()
        await context._on_session_end()
    await context._on_cleanup()
    await http_context._close_http_ctx()
    print(context.job.room.sid)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO if "-v" in sys.argv else logging.ERROR)
    asyncio.run(main())
