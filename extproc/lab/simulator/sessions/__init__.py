"""Sessions: what a provider says on a WebSocket, and what it refuses before and during one."""
