"""Gemini's wire formats, and what they share."""
