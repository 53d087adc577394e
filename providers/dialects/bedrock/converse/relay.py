"""A ConverseStream answer on its way to a ConverseStream client: watched, never changed."""

from operator import is_
from typing import Any

import orjson

from providers.dialects.bedrock.converse.answers import parse_finish, parse_usage
from providers.dialects.bedrock.converse.blocks import parse_blob
from providers.dialects.bedrock.converse.messages import merged
from providers.dialects.bedrock.names import FAMILY, OPAQUE
from providers.dialects.bedrock.relaying import EventRelay
from providers.models.bedrock import Family, family_of
from providers.neutral.chat import unseal
from providers.wire.members import Json


def edits(body: Json, model: str, usage: bool) -> dict[str, Any]:
    """Messages without the thoughts that the model did not sign, which it would refuse."""
    messages = body.get("messages")
    family = family_of(model)
    if not isinstance(messages, list):
        return {}
    kept = [_without_foreign(message, family) for message in messages]
    if all(map(is_, kept, messages)):
        return {}
    turns = [message for message in kept if not isinstance(message, dict) or message["content"]]
    return {"messages": merged(turns)}


def _without_foreign(message: Any, family: Family) -> Any:
    content = message.get("content") if isinstance(message, dict) else None
    if not isinstance(content, list) or message.get("role") != "assistant":
        return message
    own = [block for block in content if not _is_foreign(block, family)]
    return message if len(own) == len(content) else {**message, "content": own}


def _is_foreign(block: Any, family: Family) -> bool:
    """Whether a block is a thought that another family's provider issued."""
    thought = block.get("reasoningContent") if isinstance(block, dict) else None
    if not isinstance(thought, dict):
        return False
    blob, text = thought.get("redactedContent"), thought.get("reasoningText")
    if isinstance(blob, str):
        return parse_blob(blob).origin not in (FAMILY, OPAQUE)
    signature = text.get("signature") if isinstance(text, dict) else None
    if isinstance(signature, str) and signature:
        return unseal(signature, FAMILY).origin != FAMILY
    return family.claude is not None  # Claude signs all of its own


class ConverseRelay(EventRelay):
    """Watches ConverseStream's own events."""

    SPOKEN = b"contentBlockDelta"
    MARKS = (b'"text":"', b'"input":"')

    def _said(self, kind: Any, payload: bytes) -> None:
        if kind == "messageStop":
            self.seen.finish = parse_finish(orjson.loads(payload).get("stopReason"))
        elif kind == "metadata":
            self.seen.usage = parse_usage(orjson.loads(payload).get("usage")) or self.seen.usage
