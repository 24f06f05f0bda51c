"""The session with the model: its connection, history, and one response at a time."""
