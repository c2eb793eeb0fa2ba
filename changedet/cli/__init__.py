"""The command line: words to calls, and all that is printed."""
