"""A local server that speaks OpenAI's Realtime protocol."""
