"""Files a run leaves: data and a path in, none knows a workflow."""
