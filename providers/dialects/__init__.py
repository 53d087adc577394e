"""One module for each wire format, which announces itself as `DIALECTS`."""
