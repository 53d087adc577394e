"""Text Generation Inference, as the simulator plays it."""
