"""One room for each family; a module or package of it announces its formats as `DIALECTS`."""
