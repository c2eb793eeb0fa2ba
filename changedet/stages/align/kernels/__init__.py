"""Arithmetic of the stage align: numpy in, numpy out."""
