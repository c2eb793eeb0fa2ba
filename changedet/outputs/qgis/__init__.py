"""The QGIS project and the styles of every layer."""
