"""One run in the order of its steps."""
