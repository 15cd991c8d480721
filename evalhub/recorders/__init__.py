"""Recorders: what was said and played in a call, from inside of the agent, as one stereo recording.

Import one of them, or copy this whole folder into your agent: it needs nothing but Python.

    pipecat.py      an observer of a Pipecat pipeline
    agents_sdk.py   a model for the `RealtimeSession` of the OpenAI Agents SDK
    websocket.py    a bare websocket to the Realtime API

All three write to a temporary folder while the call goes on (`call.py`), and after it lay the sound on one clock
(`stereo.py`) and send it (`sending.py`) to `EVALHUB_URL` with `EVALHUB_API_KEY`. They never block and never raise: what
goes wrong is logged under `evalhub.recorders`, and what could not be sent is kept and named there;
`python -m evalhub.recorders FOLDER` sends it again.
"""
