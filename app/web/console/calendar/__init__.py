"""The console's pages of a business's calendar."""
