"""What one looks up: every provider, described from the catalogue that runs."""
