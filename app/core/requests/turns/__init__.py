"""What one turn says by itself: the agent's, the caller's, its days, times, services and names."""
