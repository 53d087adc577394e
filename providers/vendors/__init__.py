"""Who serves: rows, and a module where a provider needs code; each announces its `PROVIDERS`."""
