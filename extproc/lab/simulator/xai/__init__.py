"""xAI, as the simulator plays it."""
