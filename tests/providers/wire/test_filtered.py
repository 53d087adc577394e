"""What a provider does not allow is told from what it cannot do."""

import json

import pytest

from providers.catalog import DIALECTS
from providers.wire.filtered import is_filtered

OPENAI, CLAUDE, CONVERSE = "openai.chat", "anthropic.messages", "bedrock.converse"


def error(dialect: str, status: int, message: str, **more: str):
    said: dict = {"error": {"message": message, **more}}
    if dialect == CLAUDE:
        said = {"type": "error", "error": {"type": "invalid_request_error", "message": message}}
    if dialect == CONVERSE:
        said = {"message": message}
    return DIALECTS[dialect].parse_error(status, {}, json.dumps(said).encode())


@pytest.mark.parametrize(
    ("dialect", "status", "message", "more"),
    [
        (
            OPENAI,
            400,
            "The response was filtered due to the prompt triggering Azure OpenAI's content "
            "management policy.",
            {"code": "content_filter"},
        ),
        (OPENAI, 400, "Your request was rejected.", {"code": "content_policy_violation"}),
        (OPENAI, 400, "It was rejected by our safety system.", {"code": "moderation_blocked"}),
        (OPENAI, 400, "Invalid prompt: it may violate our usage policy.", {}),
        (OPENAI, 400, "Content Exists Risk", {"type": "invalid_request_error"}),
        (OPENAI, 400, "Input may contain it", {"code": "data_inspection_failed"}),
        (OPENAI, 403, "Your input was flagged by moderation", {}),
        (
            OPENAI,
            400,
            "The request was rejected because it was considered high risk",
            {"type": "content_filter"},
        ),
        (
            OPENAI,
            400,
            "The request failed because the input text may contain sensitive information.",
            {"code": "InputTextSensitiveContentDetected", "type": "BadRequest"},
        ),
        (OPENAI, 400, "System detected potentially unsafe or sensitive content", {"code": "1301"}),
        (CLAUDE, 400, "Output blocked by content filtering policy", {}),
        (CONVERSE, 400, "This request has been blocked by our content filters.", {}),
    ],
)
def test_what_is_not_allowed(dialect, status, message, more):
    assert is_filtered(error(dialect, status, message, **more))


@pytest.mark.parametrize(
    ("status", "message", "more"),
    [
        (400, "messages: at least one message is required", {}),
        (400, "This model's maximum context length is 8192 tokens.", {}),
        (401, "Incorrect API key provided", {"code": "invalid_api_key"}),
        (400, "The file has sensitive information in its name", {}),
        (403, "You do not have access to this model", {}),
        (429, "Rate limit reached for moderation requests", {}),
        (503, "The content filter is not available", {}),
    ],
)
def test_what_is_something_else(status, message, more):
    assert not is_filtered(error(OPENAI, status, message, **more))
