"""Anthropic, as the simulator plays it."""
