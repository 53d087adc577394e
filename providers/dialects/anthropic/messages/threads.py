"""Conversations that Anthropic's own API holds for a few minutes.

A turn that creates a thread holds the whole conversation, so any provider can answer it; one that
goes on with a thread holds its last words alone. Clients replay the whole of a thread that is lost,
as threads are best-effort: https://platform.claude.com/docs/en/build-with-claude/message-threads
"""

from providers.errors import NotFound
from providers.wire.members import Json


def check_whole(body: Json) -> None:
    """Raises NotFound, in the words on which clients replay, for a turn that is only a part."""
    thread = body.get("thread")
    if isinstance(thread, dict) and thread.get("type") == "continue":
        raise NotFound(
            "the provider holds no threads: send the whole conversation",
            param="thread",
            code="thread_not_found",
        )
