"""Predictions of notebook 12: the libraries around torch."""
