"""Relative radiometric normalisation: a scene's bands on the scale of the reference's, by a line for each band."""
