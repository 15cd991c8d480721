"""What a session of livekit-agents needs around it: a caller's voice, a microphone, a speaker, a job, its uploads."""

import asyncio
import json
import logging
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import av
import numpy as np
from livekit import rtc
from livekit.agents import AgentSession, utils
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


Call = Callable[[JobContext, AgentSession, Microphone], Awaitable[None]]


async def _hold(make_session: Callable[[], AgentSession], call: Call) -> None:
    """Run the session as a worker's process does, up to the end of its uploads."""
    context, microphone = job(rtc.Room()), Microphone()
    context._on_setup()
    context._start_log_buffering()
    context._prepare_telemetry()
    _JobContextVar.set(context)
    http_context._new_session_ctx()
    with trace.use_span(_start_job_span(context), end_on_exit=True):
        session = make_session()
        session.input.audio, session.output.audio = microphone, Speaker()
        await call(context, session, microphone)
        await session.aclose()
        await context._on_session_end()
    await context._on_cleanup()
    await http_context._close_http_ctx()
    print(context.job.room.sid)


async def said(session: AgentSession, text: str) -> None:
    """Wait until the agent has said this."""
    async with asyncio.timeout(30):
        while text not in [message.text_content for message in session.history.messages()]:
            await asyncio.sleep(0.1)


def hold(make_session: Callable[[], AgentSession], call: Call) -> None:
    """A whole session: everything real but the models and the room. Prints the room's sid."""
    logging.basicConfig(level=logging.INFO if "-v" in sys.argv else logging.ERROR)
    asyncio.run(_hold(make_session, call))
