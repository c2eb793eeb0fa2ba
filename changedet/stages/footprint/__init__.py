"""The footprint of a site: built ground and stored objects, closed, without small parts, small holes and roads."""
