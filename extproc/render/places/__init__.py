"""gateway.yaml → what each of the places needs where people run Envoy; one module for each."""
