"""A stream of Ollama's generate API: as a chat's, but for where the words stand.

https://docs.ollama.com/api/generate
"""

import re
from typing import Any

from providers.dialects.ollama.chat.parser import OllamaStreamParser
from providers.dialects.ollama.chat.relay import OllamaRelay
from providers.dialects.ollama.chat.renderer import OllamaStreamRenderer
from providers.dialects.ollama.generate import told
from providers.neutral.chat import ToolCall
from providers.wire.members import Json


class GenerateParser(OllamaStreamParser):
    """A provider's stream, from bytes to deltas."""

    READ = told.READ

    def _words(self, said: Json) -> Any:
        return {"content": said.get("response"), "thinking": said.get("thinking")}


class GenerateRenderer(OllamaStreamRenderer):
    """A client's stream, from deltas to bytes."""

    TEXT = b',"response":'
    GOES_ON = b',"done":false}'

    def _said(self, content: str, **members: Any) -> Json:
        return {"response": content, **members}

    def _tell(self, call: ToolCall) -> bytes:
        """Nothing: a prompt offers no tools."""
        return b""


class GenerateRelay(OllamaRelay):
    """Watches a stream of its own dialect pass by."""

    WORDS = re.compile(rb'"(?:response|thinking)": ?"((?:[^"\\]|\\.)+)')
