"""Arithmetic of the stage objects: numpy in, numpy out."""
