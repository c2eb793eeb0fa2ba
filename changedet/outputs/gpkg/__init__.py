"""GeoPackages: typed layers with their QGIS styles inside."""
