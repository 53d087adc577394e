"""Who is asked for tokens: a module for each kind of identity, with its SDK; each may wait."""
