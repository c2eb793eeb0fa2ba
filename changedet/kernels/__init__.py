"""The arithmetic: numpy in, numpy out."""
