"""One exchange, sans-I/O: events in, actions out; what is in force, and what is reported."""
