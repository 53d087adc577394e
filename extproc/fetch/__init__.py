"""Media that clients give by URL, fetched for providers that take only bytes.

Whoever calls may name any URL, so what is asked here is bounded in every direction: hosts,
addresses, ports, redirects, bytes, files, seconds, and how many at a time.
"""
