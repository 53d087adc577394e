"""Formats of vLLM's own."""
