"""Arithmetic of the stage change: numpy in, numpy out."""
