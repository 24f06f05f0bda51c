"""The intent engine with its model file, and the text model that is asked when it is unsure."""
