"""What of a scene is usable, where it brings no mask of its own: clouds, their shadows, snow, saturation, no data."""
