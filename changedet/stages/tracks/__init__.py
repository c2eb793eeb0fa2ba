"""The tracks stage: the same box on several dates, read from the whole series."""
