"""Arithmetic of the stage mask: numpy in, numpy out."""
