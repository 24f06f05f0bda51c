"""What a live call leaves in Redis: its lease, state, record and flight record."""
