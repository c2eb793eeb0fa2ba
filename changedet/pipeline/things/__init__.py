"""What is found beside containers: ships, railcars, vehicles, works, cells and halls."""
