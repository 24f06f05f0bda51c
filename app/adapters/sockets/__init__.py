"""The WebSocket connections that calls arrive on."""
