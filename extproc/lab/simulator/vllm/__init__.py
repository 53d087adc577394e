"""Formats of vLLM's own, simulated."""
