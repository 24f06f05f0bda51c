"""Who may come in and how much of them: connections, bodies, signatures, tokens, callers."""
