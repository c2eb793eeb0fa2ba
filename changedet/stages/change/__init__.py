"""Stage change: where does a date differ from the reference, and from which score on is it a change.

The threshold is part of the fitted model, so are the method's parameters and the least area of a change; what applies a
model needs nothing else. Scores and thresholds are unsupervised: no truth was looked at.
"""
