"""NVIDIA's own formats, simulated."""
