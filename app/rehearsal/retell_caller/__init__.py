"""A caller on Retell's custom-LLM protocol."""
