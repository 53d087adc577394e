"""Limits on requests, tokens and cost: what Envoy is told to ask, and the service that answers.

`limit` says what a limit is, `descriptors` what Envoy sends for it, `limiter` what comes back.
"""
