"""How high the lanes of a call will be, so that their place is kept until they are drawn (styles/player.css)."""

from collections.abc import Sequence

from evalhub.models import Conversation, Score

FRAME_PX = 42
"""the row of buttons and the scale of times"""
SIDES_PX = 24
WAVE_PX = 60
CURVES_PX = 120
THIN_PX, ROW_PX = 16, 24


def lanes_px(conversation: Conversation, scores: Sequence[Score]) -> int:
    """Pixels of the waveforms, the curves and one row for each kind of thing that happened."""
    with_evidence = {score.metric for score in scores if score.evidence and score.value is not None}
    told = any(score.verdict in ("fail", "unsure") and score.evidence for score in scores)
    thin = [metric in with_evidence for metric in ("turn_latency_ms", "overlap_ms")]
    rows = ["dead_air_ms.total" in with_evidence, conversation.tool_calls]
    rows += [conversation.handoffs or conversation.guardrail_trips, told]
    high = FRAME_PX + SIDES_PX + _sound_px(conversation)
    return high + THIN_PX * sum(thin) + ROW_PX * sum(map(bool, rows))


def _sound_px(conversation: Conversation) -> int:
    tracks = {recording.track for recording in conversation.recordings if recording.sha256}
    if not tracks:
        return 0
    whole = tracks & {"stereo", "mixed"}
    waves = 2 if "stereo" in whole else 1 if whole else len(tracks)
    return WAVE_PX * waves + CURVES_PX
