"""How streams are cut into events: bytes in, events out, linear in time, blind to cuts."""
