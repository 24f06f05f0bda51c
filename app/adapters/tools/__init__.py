"""Tool executions in Redis: requested once, run by a worker, replied to the call."""
