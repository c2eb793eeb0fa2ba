"""A finished run scored against a truth."""
