"""What one tries and measures with; nothing of production imports it."""
