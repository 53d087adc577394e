"""Bytes and JSON members: how streams are cut, bodies edited, values checked."""
