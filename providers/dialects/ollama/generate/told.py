"""What an answer of Ollama's generate API holds, and what is read of one.

https://docs.ollama.com/api/generate
"""

import msgspec

from providers.bridging.members import shape
from providers.bridging.unsaid import Told
from providers.dialects.ollama.chat import told

READ = shape(
    *(told.READ.known - {"message"}),
    "response",
    "thinking",
    "context",  # the conversation in numbers, in every answer, of use to the same model alone
)

ANSWERS = msgspec.structs.replace(told.ANSWERS, tells=told.ANSWERS.tells - {Told.CALLS}, read=READ)
