"""The stages in the order of the data, each with its methods and their arithmetic."""
