"""What agents bring of their own: MCP servers, and intents that run tools."""
