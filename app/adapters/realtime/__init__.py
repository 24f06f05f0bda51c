"""The connection to the model's Realtime server."""
