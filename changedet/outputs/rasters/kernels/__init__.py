"""Arithmetic on the pixels of rasters: numpy in, numpy out."""
