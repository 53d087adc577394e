"""The management API: what the gateway is made of, for programs that already know one."""
