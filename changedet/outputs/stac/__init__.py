"""``stac/``: a self-contained STAC collection of a run's rasters, one item a date."""
