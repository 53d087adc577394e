"""Wire formats and who speaks them: dicts and bytes in, dicts and bytes out.

Nothing here does I/O, reads a clock or knows Envoy; whatever varies is an argument.
"""
