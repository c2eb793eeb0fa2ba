"""Arithmetic of the stage normalise: numpy in, numpy out."""
