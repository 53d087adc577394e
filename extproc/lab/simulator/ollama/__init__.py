"""Ollama, as the simulator plays it."""
