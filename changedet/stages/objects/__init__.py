"""Objects: container-like boxes on one date, each with its place, size, colour and how sure it is."""
