"""What a tool is called, takes and returns."""
