"""Watch a site from above: change, counts, tracks and onset, each with its uncertainty."""
