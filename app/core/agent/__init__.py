"""An agent as its file describes it, and what the model is told of it."""
