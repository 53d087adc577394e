"""The dialect's own name, and what its clients call each feature."""

from providers.bridging.fidelity import Feature

NAME = "bedrock.converse"
FAMILY = "anthropic"
"""The origin of what the provider signs: only Claude signs its thoughts on Bedrock, and its
signatures hold on every platform
(https://platform.claude.com/docs/en/build-with-claude/thinking#thinking-encryption)."""

OPAQUE = "bedrock"
"""The origin of an encrypted thought that is not in Claude's own form."""

NAMES = {
    Feature.MAX_TOKENS: "inferenceConfig.maxTokens",
    Feature.TEMPERATURE: "inferenceConfig.temperature",
    Feature.TOP_P: "inferenceConfig.topP",
    Feature.TOP_K: "additionalModelRequestFields.top_k",
    Feature.STOP: "inferenceConfig.stopSequences",
    Feature.TOOLS: "toolConfig.tools",
    Feature.TOOL_STRICT: "toolConfig.tools.toolSpec.strict",
    Feature.NATIVE_TOOLS: "toolConfig.tools.systemTool",
    Feature.TOOL_CHOICE_NONE: "additionalModelRequestFields.tool_choice.none",
    Feature.TOOL_CHOICE_REQUIRED: "toolConfig.toolChoice.any",
    Feature.TOOL_CHOICE_NAMED: "toolConfig.toolChoice.tool",
    Feature.PARALLEL_TOOL_CALLS: "additionalModelRequestFields.tool_choice",
    Feature.JSON_SCHEMA: "outputConfig.textFormat",
    Feature.REASONING_OFF: "additionalModelRequestFields.thinking",
    Feature.REASONING_EFFORT: "outputConfig.effort",
    Feature.REASONING_BUDGET: "additionalModelRequestFields.thinking.budget_tokens",
    Feature.REASONING_SHOW: "additionalModelRequestFields.thinking.display",
    Feature.METADATA: "requestMetadata",
    Feature.SERVICE_TIER: "serviceTier",
    Feature.CACHE: "cachePoint",
    Feature.CACHE_TTL: "cachePoint.ttl",
    Feature.SYSTEM: "system",
    Feature.IMAGE_DATA: "image.source.bytes",
    Feature.IMAGE_URL: "image.source.s3Location",
    Feature.AUDIO_DATA: "audio.source.bytes",
    Feature.AUDIO_URL: "audio.source.s3Location",
    Feature.VIDEO_DATA: "video.source.bytes",
    Feature.VIDEO_URL: "video.source.s3Location",
    Feature.DOCUMENT_DATA: "document.source.bytes",
    Feature.DOCUMENT_URL: "document.source.s3Location",
    Feature.DOCUMENT_TEXT: "document.source.text",
    Feature.DOCUMENT_CONTEXT: "document.context",
    Feature.DOCUMENT_CITE: "document.citations",
    Feature.TOOL_RESULT_MEDIA: "toolResult.content",
    Feature.TOOL_RESULT_ERROR: "toolResult.status",
    Feature.THINKING: "messages.content.reasoningContent",
    Feature.CITATIONS: "citationsContent",
}

CARRIES = frozenset(NAMES) | {
    Feature.TOOL_CHOICE_ALLOWED,
    Feature.REASONING_SUMMARY,
    Feature.DOCUMENT_NAME,
    Feature.REFUSAL,
}
