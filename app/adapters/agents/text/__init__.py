"""Documents as people read and write them: YAML, its mistakes by line, what each key means."""
