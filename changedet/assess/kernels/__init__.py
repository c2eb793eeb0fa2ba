"""Arithmetic of assessment: numpy in, numpy out."""
