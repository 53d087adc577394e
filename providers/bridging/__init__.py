"""From the client's dialect to the provider's, and back."""
