"""Cohere, as the simulator plays it."""
