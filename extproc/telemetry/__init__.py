"""Metrics of what the gateway does, by OpenTelemetry: for the process that keeps the books."""
