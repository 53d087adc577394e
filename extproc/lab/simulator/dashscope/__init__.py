"""DashScope's own formats, simulated."""
