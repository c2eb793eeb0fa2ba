"""What is done with a finished run: scores, samples, reviews, calibration, comparison of sites."""
