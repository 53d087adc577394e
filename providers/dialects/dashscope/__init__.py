"""DashScope's own formats, beside those of OpenAI that it speaks."""
