"""Arithmetic of a run beside its stages: numpy in, numpy out."""
