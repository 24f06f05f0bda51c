"""Where commands get agents from: what the settings name, and a running server."""
