"""A call through a Pipecat pipeline, traced and recorded, with stub services: call.py ADDRESS KEY PLAYED.json

The microphone and the speaker keep real time; what they spoke and played is written to PLAYED.json, as
`{side: [[seconds from the beginning, seconds long], ...]}`.
"""

import asyncio
import json
import sys
import time
from collections.abc import AsyncGenerator
from pathlib import Path

import numpy as np
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from pipecat.frames.frames import (
    Frame,
    InputAudioRawFrame,
    LLMFullResponseEndFrame,
    LLMFullResponseStartFrame,
    LLMTextFrame,
    OutputAudioRawFrame,
    StartFrame,
    TranscriptionFrame,
    TTSAudioRawFrame,
    UserStartedSpeakingFrame,
    UserStoppedSpeakingFrame,
    VADUserStartedSpeakingFrame,
    VADUserStoppedSpeakingFrame,
)
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.frame_processor import FrameDirection
from pipecat.services.llm_service import LLMService
from pipecat.services.stt_service import SegmentedSTTService
from pipecat.services.tts_service import TTSService
from pipecat.transports.base_input import BaseInputTransport
from pipecat.transports.base_output import BaseOutputTransport
from pipecat.transports.base_transport import TransportParams
from pipecat.utils.tracing.service_decorators import traced_llm, traced_stt, traced_tts
from pipecat.utils.tracing.setup import setup_tracing
from pipecat.workers.runner import WorkerRunner

from evalhub.recorders.pipecat import Recorder

IN_RATE, OUT_RATE = 16_000, 24_000
FRAME_S = 0.02
SPEECH = ((0.5, 1.3, "What are your hours?"), (2.6, 3.4, "Wait, only on Sunday."))
"""(from, to, words) of the caller; the second cuts into the answer to the first"""
UNTIL_S = 5.5
ANSWERS = ["We are open from nine to five on every day but Sunday.", "On Sunday we are closed."]
LETTER_S = 0.05
PAUSE_S = 0.3


def tone(seconds: float, rate: int, hertz: float) -> bytes:
    at = np.arange(round(seconds * rate)) / rate
    return (np.sin(2 * np.pi * hertz * at) * 9000).astype("<i2").tobytes()


class Clock:
    def __init__(self) -> None:
        self.began = 0.0
        self.played: dict[str, list[list[float]]] = {"caller": [], "agent": []}

    def now(self) -> float:
        return time.monotonic() - self.began

    def keep(self, side: str, at: float, seconds: float) -> None:
        last = self.played[side][-1] if self.played[side] else None
        if last and at - sum(last) < PAUSE_S:
            last[1] = at + seconds - last[0]
        else:
            self.played[side].append([at, seconds])


class Microphone(BaseInputTransport):
    def __init__(self, clock: Clock, params: TransportParams) -> None:
        super().__init__(params)
        self.clock, self.hung_up = clock, asyncio.Event()

    async def start(self, frame: StartFrame) -> None:
        await super().start(frame)
        await self.set_transport_ready(frame)
        self.clock.began = time.monotonic()
        self.create_task(self.listen())

    async def listen(self) -> None:
        speaks = False
        for number in range(round(UNTIL_S / FRAME_S)):
            at = number * FRAME_S
            await asyncio.sleep(self.clock.began + at + FRAME_S - time.monotonic())
            words = next((words for begin, end, words in SPEECH if begin <= at < end), None)
            if words and not speaks:
                await self.push_frame(VADUserStartedSpeakingFrame())
                await self.push_frame(UserStartedSpeakingFrame())
                await self.broadcast_interruption()
            sound = tone(FRAME_S, IN_RATE, 220) if words else bytes(round(FRAME_S * IN_RATE) * 2)
            if words:
                self.clock.keep("caller", at, FRAME_S)
            await self.push_audio_frame(InputAudioRawFrame(sound, IN_RATE, 1))
            if speaks and not words:
                await self.push_frame(VADUserStoppedSpeakingFrame())
                await self.push_frame(UserStoppedSpeakingFrame())
            speaks = bool(words)
        self.hung_up.set()


class Ears(SegmentedSTTService):
    heard = 0

    async def run_stt(self, audio: bytes) -> AsyncGenerator[Frame | None, None]:  # noqa: ARG002
        words = SPEECH[self.heard][2]
        self.heard += 1
        await self._handle_transcription(words, True)
        yield TranscriptionFrame(words, "caller", "2026-11-27T10:00:00Z")

    @traced_stt
    async def _handle_transcription(self, transcript: str, is_final: bool, language: str | None = None) -> None:
        pass


class Brain(LLMService):
    answers = iter(ANSWERS)

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if isinstance(frame, TranscriptionFrame):
            await self.push_frame(LLMFullResponseStartFrame())
            await self._process_context(LLMContext([{"role": "user", "content": frame.text}]))
            await self.push_frame(LLMFullResponseEndFrame())
        else:
            await self.push_frame(frame, direction)

    @traced_llm
    async def _process_context(self, context: LLMContext) -> None:  # noqa: ARG002
        await self.push_frame(LLMTextFrame(next(self.answers)))


class Voice(TTSService):
    @traced_tts
    async def run_tts(self, text: str, context_id: str) -> AsyncGenerator[Frame, None]:
        """Sound that comes much faster than it is played."""
        yield TTSAudioRawFrame(tone(len(text) * LETTER_S, OUT_RATE, 330), OUT_RATE, 1, context_id=context_id)


class Speaker(BaseOutputTransport):
    def __init__(self, clock: Clock, params: TransportParams) -> None:
        super().__init__(params)
        self.clock, self.free = clock, 0.0

    async def start(self, frame: StartFrame) -> None:
        await super().start(frame)
        await self.set_transport_ready(frame)

    async def write_audio_frame(self, frame: OutputAudioRawFrame) -> bool:
        seconds = len(frame.audio) / 2 / OUT_RATE
        begins = max(self.free, self.clock.now())
        self.free = begins + seconds
        if any(frame.audio):
            self.clock.keep("agent", begins, seconds)
        await asyncio.sleep(self.free - self.clock.now())
        return True


async def end(worker: PipelineWorker, microphone: Microphone) -> None:
    await microphone.hung_up.wait()
    await worker.stop_when_done()


async def call(address: str, key: str) -> Clock:
    setup_tracing("desk", exporter=OTLPSpanExporter(f"{address}/v1/traces", headers={"x-api-key": key}))
    clock = Clock()
    params = TransportParams(audio_in_enabled=True, audio_out_enabled=True, audio_out_end_silence_secs=0)
    microphone = Microphone(clock, params)
    parts = [microphone, Ears(), Brain(), Voice(push_stop_frames=True), Speaker(clock, params)]
    recorder = Recorder("call-1", url=address, api_key=key)
    worker = PipelineWorker(
        Pipeline(parts),
        enable_tracing=True,
        conversation_id="call-1",
        observers=[recorder],
        params=PipelineParams(audio_in_sample_rate=IN_RATE, audio_out_sample_rate=OUT_RATE),
    )
    runner = WorkerRunner(handle_sigint=False)
    await runner.add_workers(worker)
    await asyncio.gather(runner.run(), end(worker, microphone))
    recorder.call.close(wait_s=60)
    trace.get_tracer_provider().shutdown()
    return clock


if __name__ == "__main__":
    found = asyncio.run(call(sys.argv[1], sys.argv[2]))
    Path(sys.argv[3]).write_text(json.dumps(found.played))
