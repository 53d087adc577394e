"""The dialect's own name, and what its clients call each feature."""

from providers.bridging.fidelity import Feature

NAME = "gemini.generate_content"
FAMILY = "gemini"
"""The origin of what the provider signs."""

NAMES = {
    Feature.MAX_TOKENS: "generationConfig.maxOutputTokens",
    Feature.TEMPERATURE: "generationConfig.temperature",
    Feature.TOP_P: "generationConfig.topP",
    Feature.TOP_K: "generationConfig.topK",
    Feature.STOP: "generationConfig.stopSequences",
    Feature.SEED: "generationConfig.seed",
    Feature.PRESENCE_PENALTY: "generationConfig.presencePenalty",
    Feature.FREQUENCY_PENALTY: "generationConfig.frequencyPenalty",
    Feature.LOGPROBS: "generationConfig.responseLogprobs",
    Feature.TOP_LOGPROBS: "generationConfig.logprobs",
    Feature.N: "generationConfig.candidateCount",
    Feature.TOOLS: "tools.functionDeclarations",
    Feature.TOOL_STRICT: "toolConfig.functionCallingConfig.mode",
    Feature.NATIVE_TOOLS: "tools",
    Feature.TOOL_CHOICE_NONE: "toolConfig.functionCallingConfig.mode",
    Feature.TOOL_CHOICE_REQUIRED: "toolConfig.functionCallingConfig.mode",
    Feature.TOOL_CHOICE_NAMED: "toolConfig.functionCallingConfig.allowedFunctionNames",
    Feature.TOOL_CHOICE_ALLOWED: "toolConfig.functionCallingConfig.allowedFunctionNames",
    Feature.JSON_MODE: "generationConfig.responseMimeType",
    Feature.JSON_SCHEMA: "generationConfig.responseJsonSchema",
    Feature.REASONING_OFF: "generationConfig.thinkingConfig.thinkingBudget",
    Feature.REASONING_EFFORT: "generationConfig.thinkingConfig.thinkingLevel",
    Feature.REASONING_BUDGET: "generationConfig.thinkingConfig.thinkingBudget",
    Feature.REASONING_SHOW: "generationConfig.thinkingConfig.includeThoughts",
    Feature.AUDIO_OUTPUT: "generationConfig.responseModalities",
    Feature.IMAGE_OUTPUT: "generationConfig.responseModalities",
    Feature.SERVICE_TIER: "serviceTier",
    Feature.STORE: "store",
    Feature.SYSTEM: "systemInstruction",
    Feature.IMAGE_DATA: "inlineData",
    Feature.IMAGE_URL: "fileData.fileUri",
    Feature.IMAGE_FILE: "fileData.fileUri",
    Feature.IMAGE_DETAIL: "generationConfig.mediaResolution",
    Feature.AUDIO_DATA: "inlineData",
    Feature.AUDIO_URL: "fileData.fileUri",
    Feature.AUDIO_FILE: "fileData.fileUri",
    Feature.VIDEO_DATA: "inlineData",
    Feature.VIDEO_URL: "fileData.fileUri",
    Feature.VIDEO_FILE: "fileData.fileUri",
    Feature.DOCUMENT_DATA: "inlineData",
    Feature.DOCUMENT_URL: "fileData.fileUri",
    Feature.DOCUMENT_FILE: "fileData.fileUri",
    Feature.DOCUMENT_TEXT: "inlineData",
    Feature.TOOL_RESULT_MEDIA: "functionResponse.parts",
    Feature.TOOL_RESULT_ERROR: "functionResponse.response.error",
    Feature.THINKING: "contents.parts.thought",
}

CARRIES = frozenset(NAMES) | {Feature.REFUSAL, Feature.REASONING_SUMMARY}
