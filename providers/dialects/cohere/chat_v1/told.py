"""What an answer of version 1 holds: no thought is told.

https://docs.cohere.com/v1/reference/chat
"""

from providers.bridging.unsaid import Answers, Told, words_alone

ANSWERS = Answers(
    shows=words_alone,
    tells=frozenset({Told.CACHE_READ, Told.CALLS, Told.CITATIONS, Told.QUOTES, Told.STRETCHES}),
)
