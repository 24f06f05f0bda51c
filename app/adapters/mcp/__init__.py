"""MCP servers: what they offer, as Redis keeps it, and the sessions in which workers call them."""
