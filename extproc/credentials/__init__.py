"""Who we are to each provider: secrets by reference, in an immutable snapshot."""
