"""Evidence: whether a run or a pack is as it was written, and the pack itself."""
