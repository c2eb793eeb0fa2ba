"""Figures and time-lapses of a run: what they show, gathered from its results, and their files in its folder."""
