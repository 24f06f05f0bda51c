"""The call on Retell's custom-LLM socket."""
