"""The Redis client, its keys, and what guards it: batches, the circuit breaker, limits."""
