"""Google's generateContent, of the Gemini API and of Vertex AI, under any prefix.

https://ai.google.dev/api/generate-content
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any, Literal

import orjson

from extproc.lab.simulator import sse
from extproc.lab.simulator.dialect import Asked, Call, Dialect, Event, Json, Refusal, Tool, bearer
from extproc.lab.simulator.directives import Directives
from extproc.lab.simulator.gemini import generate_content_rules, generate_content_write
from extproc.lab.simulator.gemini.generate_content_names import canonical
from extproc.lab.simulator.reply import PER_ATTACHMENT, PER_IMAGE, PER_MESSAGE, PER_TOOL, count
from providers.neutral.json_schema import from_openapi

PATH = re.compile(
    r"(?P<prefix>/.*?)??/models/(?P<model>[^/]+)"
    r":(?P<verb>generateContent|streamGenerateContent|countTokens)"
)
STATUSES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
"""`error.status` by HTTP status; other 4xx are `INVALID_ARGUMENT`, 5xx `INTERNAL`."""


def ask(call: Call) -> Asked:
    """What the body asks."""
    counted = call.params["verb"] == "countTokens"
    body: Json = canonical(call.body)
    if counted:
        body = body.get("generateContentRequest") or body
    contents: list[Json] = body.get("contents") or []
    last = max((at for at, one in enumerate(contents) if _speaks(one)), default=-1)
    since = contents[last:] if last >= 0 else contents
    config = body.get("generationConfig") or {}
    demand, named = _demand((body.get("toolConfig") or {}).get("functionCallingConfig") or {})
    return Asked(
        model=call.params["model"],
        text=_text(contents[last]) if last >= 0 else "",
        prompt_tokens=_prompt_tokens(contents, body),
        stream=call.params["verb"] == "streamGenerateContent",
        tools=_tools(body),
        demand=demand,
        named=named,
        results=[_result(part) for part in _parts(since, "functionResponse")],
        rounds=sum(1 for one in since if any(_parts([one], "functionCall"))),
        schema=_schema(config),
        stop=config.get("stopSequences") or (),
        max_tokens=config.get("maxOutputTokens"),
        n=config.get("candidateCount") or 1,
        body=body | {"count": counted, "vertex": "/projects/" in call.path},
    )


def _speaks(content: Json) -> bool:
    """Whether it is the user's own, and not only results of functions."""
    return content.get("role", "user") == "user" and bool(_text(content))


def _text(content: Json) -> str:
    texts = (part["text"] for part in content.get("parts") or () if "text" in part)
    return "\n".join(texts)


def _parts(contents: Sequence[Json], kind: str) -> Iterator[Json]:
    for content in contents:
        yield from (part[kind] for part in content.get("parts") or () if kind in part)


def _result(result: Json) -> str:
    response = result.get("response") or {}
    said = response.get("output", response.get("error", response))
    return said if isinstance(said, str) else orjson.dumps(said).decode()


def _prompt_tokens(contents: Sequence[Json], body: Json) -> int:
    total = PER_TOOL * len(_tools(body)) + count(_text(body.get("systemInstruction") or {}))
    for content in contents:
        total += PER_MESSAGE + count(_text(content))
    for media in (*_parts(contents, "inlineData"), *_parts(contents, "fileData")):
        image = str(media.get("mimeType", "")).startswith("image/")
        total += PER_IMAGE if image else PER_ATTACHMENT
    return total + sum(count(_result(each)) for each in _parts(contents, "functionResponse"))


def _tools(body: Json) -> list[Tool]:
    found = []
    for tool in body.get("tools") or ():
        for declared in tool.get("functionDeclarations") or ():
            schema = declared.get("parametersJsonSchema")
            if schema is None:
                schema = from_openapi(declared.get("parameters") or {"type": "OBJECT"})
            found.append(Tool(declared["name"], schema))
    return found


def _demand(config: Json) -> tuple[Literal["none", "auto", "required"], str]:
    allowed = config.get("allowedFunctionNames") or [""]
    match config.get("mode"):
        case "NONE":
            return "none", ""
        case "ANY":
            return "required", allowed[0]
    return "auto", ""


def _schema(config: Json) -> Json | None:
    if config.get("responseMimeType") != "application/json":
        return None
    schema: Json | None = config.get("responseJsonSchema")
    return from_openapi(config.get("responseSchema") or {}) if schema is None else schema


def key(call: Call) -> str:
    """`x-goog-api-key`, the query's `key`, or Vertex AI's access token."""
    named = dict(call.headers)
    return named.get("x-goog-api-key") or call.query.get("key") or bearer(call)


def error(refusal: Refusal, directives: Directives) -> bytes:
    """An error body."""
    return orjson.dumps(_error(refusal, directives), option=orjson.OPT_INDENT_2)


def stream_error(refusal: Refusal, directives: Directives) -> Event:
    """An error in mid-stream: a chunk of its own."""
    return Event(orjson.dumps(_error(refusal, directives)))


def _error(refusal: Refusal, directives: Directives) -> Json:
    fallback = "INTERNAL" if refusal.status >= 500 else "INVALID_ARGUMENT"
    inner: dict[str, Any] = {
        "code": refusal.status,
        "message": refusal.message,
        "status": directives.error_type or STATUSES.get(refusal.status, fallback),
    }
    kind = "type.googleapis.com/google.rpc."
    details: list[Json] = []
    if code := directives.error_code or refusal.code:
        details.append({"@type": f"{kind}ErrorInfo", "reason": code})
    if refusal.param:
        violation = {"field": refusal.param, "description": refusal.message}
        details.append({"@type": f"{kind}BadRequest", "fieldViolations": [violation]})
    if directives.retry_after is not None:
        details.append({"@type": f"{kind}RetryInfo", "retryDelay": f"{directives.retry_after}s"})
    return {"error": inner | ({"details": details} if details else {})}


DIALECT = Dialect(
    name="gemini.generate_content",
    path=PATH,
    sdk="google.genai",
    check=generate_content_rules.check,
    ask=ask,
    whole=generate_content_write.whole,
    events=generate_content_write.events,
    error=error,
    stream_error=stream_error,
    frame=sse.frame,
    key=key,
)
