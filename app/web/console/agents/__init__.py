"""The console's pages of agents."""
