"""Arithmetic of the stage tracks: numpy in, numpy out."""
