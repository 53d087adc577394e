"""What Cohere says beside every answer but those of conversations.

https://docs.cohere.com/reference/rerank (`meta`)
"""

from providers.bridging.members import shape

COUNTS = shape("input_tokens", "output_tokens", "search_units")
SAID = shape(api_version=shape("version"), billed_units=COUNTS, tokens=COUNTS)
"""What is read, or says nothing to others; warnings do."""
