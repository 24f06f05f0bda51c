"""What every call has, whatever its channel: events, turns, tool calls, pending actions, cost."""
