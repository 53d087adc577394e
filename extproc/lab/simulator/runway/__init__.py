"""Runway, as the simulator plays it."""
