"""Simulated sites, pairs and yards that training and benchmarks share; the seeds say which of the two may use them."""
