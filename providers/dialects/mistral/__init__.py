"""Mistral's own wire formats; its chat speaks OpenAI's."""
