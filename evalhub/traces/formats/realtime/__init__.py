"""Parts of the OpenAI Realtime and Live event log format; `openai_realtime` is its door."""
