"""How an answer ends, what it used, and how sure the model was, both ways.

https://ai.google.dev/api/generate-content#v1beta.GenerateContentResponse
"""

from typing import Any

import msgspec

from providers.neutral.chat import Finish
from providers.neutral.logprobs import tokens_of
from providers.usage import Usage, count
from providers.wire.members import Json

FINISHES = {
    "STOP": Finish.STOP,
    "MAX_TOKENS": Finish.LENGTH,
    "SAFETY": Finish.CONTENT_FILTER,
    "RECITATION": Finish.CONTENT_FILTER,
    "LANGUAGE": Finish.CONTENT_FILTER,
    "BLOCKLIST": Finish.CONTENT_FILTER,
    "PROHIBITED_CONTENT": Finish.CONTENT_FILTER,
    "SPII": Finish.CONTENT_FILTER,
    "MODEL_ARMOR": Finish.CONTENT_FILTER,
    "IMAGE_SAFETY": Finish.CONTENT_FILTER,
    "IMAGE_PROHIBITED_CONTENT": Finish.CONTENT_FILTER,
    "IMAGE_RECITATION": Finish.CONTENT_FILTER,
    "IMAGE_OTHER": Finish.ERROR,
    "NO_IMAGE": Finish.ERROR,
    "OTHER": Finish.ERROR,
    "MALFORMED_FUNCTION_CALL": Finish.ERROR,
    "MALFORMED_RESPONSE": Finish.ERROR,
    "UNEXPECTED_TOOL_CALL": Finish.ERROR,
    "TOO_MANY_TOOL_CALLS": Finish.ERROR,
    "MISSING_THOUGHT_SIGNATURE": Finish.ERROR,
    "CONTINUATION": Finish.PAUSE,
}

REASONS = {
    Finish.STOP: "STOP",
    Finish.STOP_SEQUENCE: "STOP",
    Finish.TOOL_CALLS: "STOP",
    Finish.LENGTH: "MAX_TOKENS",
    Finish.CONTENT_FILTER: "SAFETY",
    Finish.REFUSAL: "SAFETY",
    Finish.PAUSE: "OTHER",
    Finish.ERROR: "OTHER",
}


TIERS = {
    "ON_DEMAND": "default",
    "ON_DEMAND_PRIORITY": "priority",
    "ON_DEMAND_FLEX": "flex",
}
"""`trafficType` of Vertex AI, where it is a tier of the neutral conversation."""


def parse_tier(raw: Any) -> str | None:
    """The service tier that `usageMetadata` names."""
    traffic = raw.get("trafficType") if isinstance(raw, dict) else None
    return TIERS.get(traffic) if isinstance(traffic, str) else None


def parse_finish(reason: Any, calls: bool) -> Finish:
    """Gemini says STOP where it calls functions."""
    finish = FINISHES.get(reason, Finish.STOP) if isinstance(reason, str) else Finish.STOP
    return Finish.TOOL_CALLS if calls and finish is Finish.STOP else finish


def parse_usage(raw: Any) -> Usage | None:
    """The counts in `usageMetadata`; None where there are none."""
    if not isinstance(raw, dict):
        return None
    asked, answer = count(raw.get("promptTokenCount")), _count(raw, "candidatesTokenCount")
    total = _count(raw, "totalTokenCount")
    prompt = asked or 0
    if "toolUsePromptTokenCount" in raw:
        prompt += _count(raw, "toolUsePromptTokenCount")
    thoughts = _count(raw, "thoughtsTokenCount") if "thoughtsTokenCount" in raw else 0
    # Some models count their thoughts as a part of the answer already; the total tells.
    if thoughts and total != prompt + answer:
        answer += thoughts
    if not (prompt or answer or total):
        return None
    # Google leaves out what is 0, which a prompt never is.
    missing = asked is None or (not answer and count(raw.get("candidatesTokenCount", 0)) is None)
    read = _count(raw, "cachedContentTokenCount") if "cachedContentTokenCount" in raw else 0
    heard, spoken = _audio(raw, "promptTokensDetails"), _audio(raw, "candidatesTokensDetails")
    if not (thoughts or read or heard or spoken):
        return Usage(input=prompt, output=answer, estimated=missing)
    return Usage(
        input=prompt,
        output=answer,
        cache_read=min(read, prompt),
        reasoning=min(thoughts, answer),
        audio_input=min(heard, prompt),
        audio_output=min(spoken, answer),
        estimated=missing,
    )


def running(usage: Usage | None) -> Usage | None:
    """The counts of a chunk that is not the last; Gemini often counts the prompt alone there."""
    if usage is None or usage.output:
        return usage
    return msgspec.structs.replace(usage, estimated=True)


def _count(raw: Json, name: str) -> int:
    return count(raw.get(name)) or 0


def _audio(raw: Json, name: str) -> int:
    details = raw.get(name)
    if not isinstance(details, list):
        return 0
    total = 0
    for item in details:
        if isinstance(item, dict) and item.get("modality") == "AUDIO":
            total += _count(item, "tokenCount")
    return total


def render_usage(usage: Usage) -> Json:
    """`usageMetadata`; the thoughts stand beside the candidates."""
    shown = usage.output - usage.reasoning
    raw: Json = {
        "promptTokenCount": usage.input,
        "candidatesTokenCount": shown,
        "totalTokenCount": usage.total,
        "promptTokensDetails": _modalities(usage.input, usage.audio_input),
        "candidatesTokensDetails": _modalities(shown, min(usage.audio_output, shown)),
    }
    if usage.cache_read:
        raw["cachedContentTokenCount"] = usage.cache_read
    if usage.reasoning:
        raw["thoughtsTokenCount"] = usage.reasoning
    return raw


def _modalities(count: int, audio: int) -> list[Json]:
    named = (("TEXT", count - audio), ("AUDIO", audio))
    return [{"modality": name, "tokenCount": tokens} for name, tokens in named if tokens]


def parse_logprobs(result: Any) -> Json | None:
    """`logprobsResult` in OpenAI chat's wire form."""
    chosen = result.get("chosenCandidates") if isinstance(result, dict) else None
    if not isinstance(chosen, list) or not chosen:
        return None
    tops = result.get("topCandidates")
    tops = tops if isinstance(tops, list) else []
    content = []
    for index, item in enumerate(chosen):
        top = tops[index] if index < len(tops) and isinstance(tops[index], dict) else {}
        others = top.get("candidates")
        alternatives = [_token(other) for other in others] if isinstance(others, list) else []
        content.append({**_token(item), "top_logprobs": alternatives})
    return {"content": content}


def _token(item: Any) -> Json:
    item = item if isinstance(item, dict) else {}
    token, logprob = item.get("token"), item.get("logProbability")
    token = token if isinstance(token, str) else ""
    return {
        "token": token,
        "logprob": logprob if isinstance(logprob, int | float) else 0.0,
        "bytes": list(token.encode("utf-8", "surrogatepass")),
    }


def render_logprobs(logprobs: Any) -> Json:
    """`logprobsResult` and `avgLogprobs`; empty where there are none."""
    content = tokens_of(logprobs) if logprobs else []
    if not content:
        return {}
    chosen = [_candidate(item) for item in content]
    tops = [{"candidates": [_candidate(top) for top in item["top_logprobs"]]} for item in content]
    return {
        "logprobsResult": {"chosenCandidates": chosen, "topCandidates": tops},
        "avgLogprobs": sum(item["logProbability"] for item in chosen) / len(chosen),
    }


def _candidate(item: Json) -> Json:
    return {"token": item["token"], "logProbability": item["logprob"]}
