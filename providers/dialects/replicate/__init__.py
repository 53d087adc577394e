"""Replicate's format: predictions, of which each model has inputs of its own."""
