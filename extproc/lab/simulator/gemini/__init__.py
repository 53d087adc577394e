"""Gemini, as the simulator plays it."""
