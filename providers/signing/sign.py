"""How a request proves who sends it: (call, secret, now) → headers. Pure, and always last."""

from collections.abc import Callable, Mapping

import msgspec


class Call(msgspec.Struct, frozen=True):
    """A finished request, as a signature may cover it."""

    method: str
    authority: str
    path: str
    """With the query; already percent-encoded."""
    body: bytes


Secret = Mapping[str, str]
"""The parts of one credential by name; an API key is `{"key": …}`."""

Signer = Callable[[Call, Secret, float], dict[str, str]]
"""`now` is seconds since the epoch."""

CREDENTIAL_HEADERS = (
    "authorization",
    "x-api-key",
    "api-key",
    "x-goog-api-key",
    "xi-api-key",
    "x-amz-security-token",
    "x-amz-content-sha256",
    "x-amz-date",
    "cookie",
    "proxy-authorization",
)
"""Every header that carries a credential in some dialect: none may travel from a client, or from
an attempt at another provider, to a provider that did not ask for it."""


def bearer(call: Call, secret: Secret, now: float) -> dict[str, str]:
    """OpenAI's way, and that of those compatible with it."""
    return {"authorization": f"Bearer {secret['key']}"}


def or_bearer(signer: Signer) -> Signer:
    """`signer`, but for a token (`bearer`), which stands in the same header everywhere."""

    def signed(call: Call, secret: Secret, now: float) -> dict[str, str]:
        token = secret.get("bearer")
        return {"authorization": f"Bearer {token}"} if token else signer(call, secret, now)

    return signed


def x_api_key(call: Call, secret: Secret, now: float) -> dict[str, str]:
    """Anthropic's way (https://docs.anthropic.com/en/api/overview#authentication)."""
    return {"x-api-key": secret["key"]}


def api_key(call: Call, secret: Secret, now: float) -> dict[str, str]:
    """Azure's way (https://learn.microsoft.com/azure/ai-services/openai/reference)."""
    return {"api-key": secret["key"]}


def xi_api_key(call: Call, secret: Secret, now: float) -> dict[str, str]:
    """ElevenLabs' way (https://elevenlabs.io/docs/api-reference/authentication)."""
    return {"xi-api-key": secret["key"]}


def x_goog_api_key(call: Call, secret: Secret, now: float) -> dict[str, str]:
    """The Gemini API's way (https://ai.google.dev/gemini-api/docs/api-key)."""
    return {"x-goog-api-key": secret["key"]}
