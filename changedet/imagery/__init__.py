"""Scenes from files and catalogs to float32 on the common grid; NaN is no data."""
