"""Arithmetic of reading scenes: numpy in, numpy out."""
