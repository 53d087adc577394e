"""NVIDIA's own formats."""
