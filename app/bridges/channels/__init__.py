"""A live call on its socket: what every channel shares, and a module for each channel."""
