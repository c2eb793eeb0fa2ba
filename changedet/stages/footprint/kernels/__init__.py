"""Arithmetic of the stage footprint: numpy in, numpy out."""
