"""OpenAI and those compatible with it, as the simulator plays them."""
