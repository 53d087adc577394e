"""Envoy's configuration, served: what `render` makes of gateway.yaml, over ADS."""
