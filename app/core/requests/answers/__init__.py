"""What callers say to the agent's questions, offers and read-backs."""
