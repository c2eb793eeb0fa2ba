"""Arithmetic of the stage series: numpy in, numpy out."""
