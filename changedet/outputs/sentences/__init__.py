"""Sentences that can be quoted: what a site shows, each figure with its interval, none beyond it."""
