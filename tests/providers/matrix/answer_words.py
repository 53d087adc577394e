"""What providers call what is lost of their answers, and what says nothing to anybody else."""

import re
from collections.abc import Set

WORDS = {
    "image": ("inlineData", "fileData", "image_generation_call", "images"),
    "video": ("fileData",),
    "document": ("fileData", "searchResult"),
    "tool_result": ("toolResult",),
    "citations": ("annotations", "groundingMetadata", "citationMetadata", "citationsContent"),
    "citations.start": ("start_index", "end_index", "index", "startIndex", "endIndex"),
    "citations.place": (
        "location",
        "char_location",
        "page_location",
        "content_block_location",
        "search_result_location",
    ),
    "citations.quote": ("cited_text", "sourceContent"),
    "audio.id": ("expires_at",),
    "logprobs": ("logprobsResult",),
    "top_logprobs": ("topCandidates",),
    "choices": ("generations",),
    "thinking": ("reasoning", "reasoningContent"),
    "tool_calls": ("function_call", "tool_use", "toolUse"),
    "tool_calls.namespace": ("namespace",),
    "signatures": ("signature", "redacted_thinking", "thoughtSignature", "encrypted_content"),
    "web_search": ("web_search_call", "webSearchQueries"),
    "usage.reasoning_tokens": ("thinking_tokens", "thoughtsTokenCount"),
    "usage.cache_read_tokens": ("cached_tokens", "cachedContentTokenCount"),
    "usage.searches": ("web_search_requests",),
}
"""A neutral name → what providers call the same."""

SILENT = re.compile(
    r"""
    id|responseId|model|modelVersion   # who answered, where the client's format does not say so
    |created|created_at|createTime|completed_at
    |object
    |.*\b(?:role|status|index)         # says where something stands, or that it is done
    |.*\.type
    |.*total_?tokens(?:Count)?|.*totalTokenCount     # follows from the others
    |.*logprobs\..*\bbytes             # follows from the token
    |metrics.*|\w+_duration            # how long it took
    |.*avgLogprobs|.*logProbabilitySum|.*\.tokenId
    |.*promptTokensDetails.*|.*candidatesTokensDetails.*   # of text, follows from the others
    |output(?:\[\w+\])?\.id            # an item's; calls are known by another
    |output\[reasoning\]\.content.*    # a thought is told once, and its summary stands there
    |(?:error|incomplete_details).*    # why an answer ended that did
    |finish_reason|stopReason|done_reason|promptFeedback\.blockReason   # the nearest word is said
    |.*parts\.thoughtSignature         # after the last word: nobody asks for it
    |.*citationsContent|.*cachePoint.* # empty; a mark of requests
    |.*citationMetadata\.citations\.startIndex   # without an end
    |.*message\.citations\.(?:text|content_index)   # follow from the place
    |.*sources\[(?:tool|document)\]    # empty
    |message\.citations\.(?:start|end)   # one without the other
    |.*segment\.partIndex             # of another text
    |logprobs\.text                    # without a number
    |system_fingerprint                # of use beside the provider's own seed alone
    |.*\.caller\[direct\]              # by the model itself, as always
    |.*ephemeral_5m_input_tokens|.*_tokens_details\.text_tokens   # what is left of the others
    |.*safetyRatings\.(?:category|probabilityScore|severityScore)   # beside what was found
    |candidates\.tokenCount|usage\.billed_units\.(?:in|out)put_tokens   # counted once
    |automaticFunctionCallingHistory.* # the SDK's own
    """,
    re.VERBOSE | re.IGNORECASE,
)
"""Paths of what says nothing to clients of another format."""


def covers(names: Set[str], path: str) -> bool:
    """Whether one of the names is that of a member, or of what holds it."""
    steps = set(re.findall(r"\w+", path))
    return any(
        name.rpartition(".")[2] in steps or not steps.isdisjoint(WORDS.get(name, ()))
        for name in names
    )
