"""Configuration for others, made from gateway.yaml."""

from extproc.render.envoy import render

__all__ = ["render"]
