"""Sample rates and prerecorded lines."""
