"""Replicate's format."""
