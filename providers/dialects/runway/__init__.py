"""Runway's formats."""
