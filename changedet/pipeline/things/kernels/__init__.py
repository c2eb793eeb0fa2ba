"""Arithmetic of the other things: numpy in, numpy out."""
