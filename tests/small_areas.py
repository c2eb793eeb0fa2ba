"""Two triangles with names as GeoJSON, for tests of areas."""

from __future__ import annotations

GEOJSON = {
    "type": "FeatureCollection",
    "features": [
        {
            "type": "Feature",
            "properties": {"name": name},
            "geometry": {
                "type": "Polygon",
                "coordinates": [[[15 + i, 48], [15.1 + i, 48], [15.1 + i, 48.1], [15 + i, 48]]],
            },
        }
        for i, name in enumerate(["north", "south"])
    ],
}
