"""Recorder of a Pipecat pipeline: an observer, told what the transport heard and what it really sent.

    PipelineTask(pipeline, enable_tracing=True, conversation_id=call_id, observers=[Recorder(call_id)])

The call is sent when the pipeline ends. Give it the id that the traces have.
"""

from __future__ import annotations

from typing import Any

from pipecat.frames.frames import (
    BotStartedSpeakingFrame,
    CancelFrame,
    EndFrame,
    InputAudioRawFrame,
    InterruptionFrame,
    OutputAudioRawFrame,
)
from pipecat.observers.base_observer import BaseObserver, FramePushed
from pipecat.transports.base_input import BaseInputTransport
from pipecat.transports.base_output import BaseOutputTransport

from .call import Call


class Recorder(BaseObserver):
    """Records one call; `call.close()` where the pipeline does not end."""

    def __init__(self, conversation_id: str, **where: Any):
        super().__init__()
        self.call = Call(conversation_id, **where)

    async def on_push_frame(self, data: FramePushed) -> None:
        frame = data.frame
        if isinstance(frame, InputAudioRawFrame) and isinstance(data.source, BaseInputTransport):
            self.call.caller(_first_channel(frame), frame.sample_rate)
        elif isinstance(frame, BotStartedSpeakingFrame) and isinstance(data.source, BaseOutputTransport):
            self.call.agent(b"", data.source.sample_rate)  # what follows is told when it has been sent
        elif isinstance(frame, OutputAudioRawFrame) and isinstance(data.source, BaseOutputTransport):
            self.call.agent(_first_channel(frame), frame.sample_rate)
        elif isinstance(frame, InterruptionFrame):
            self.call.cut()
        elif isinstance(frame, EndFrame | CancelFrame) and isinstance(data.source, BaseOutputTransport):
            self.call.close()

    async def cleanup(self) -> None:
        await super().cleanup()
        self.call.close()


def _first_channel(frame: Any) -> bytes:
    samples = memoryview(frame.audio).cast("h")
    return samples[:: frame.num_channels].tobytes()
