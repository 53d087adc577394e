"""Hugging Face's wire formats."""
