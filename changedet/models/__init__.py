"""The fitted models that come with the package, with their cards and checksums."""
