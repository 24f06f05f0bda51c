"""The console's pages on which scenarios are played."""
