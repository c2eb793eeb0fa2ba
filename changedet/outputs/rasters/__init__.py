"""Rasters of a run: written block by block as cloud-optimised GeoTIFFs, read back, outlined."""
