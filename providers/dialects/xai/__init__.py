"""xAI's own formats, where it does not speak another's."""
