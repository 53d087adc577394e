"""What OpenAI keeps for its clients, and the acts on it; others have it in the same format.

https://platform.openai.com/docs/api-reference
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from providers.bridging.dialect import Seen
from providers.bridging.jobs import Verb
from providers.bridging.pages import ByTime
from providers.bridging.resource import Act, Kept, Told
from providers.dialects.openai.batches import COMMISSIONING
from providers.dialects.openai.kept_ids import GRADED, IDS, LISTED, NO_IDS, STORED, VOICES
from providers.dialects.openai.usage import parse_usage
from providers.operations import Operation
from providers.wire.compatible_errors import parse_error, render_error
from providers.wire.members import Json, mapping, string

PREFIXES = ("/v1", "/openai/v1", "/openai")
MODEL = (("model",),)

# https://platform.openai.com/docs/api-reference/vector-stores/list; not all have `before`.
PAGES = ByTime(items="data", sizes=("limit",), begins=("after",), alone=frozenset({"before"}))
# https://platform.openai.com/docs/api-reference/files/list; Mistral counts pages.
OF_FILES = ByTime(
    items="data",
    sizes=("limit", "page_size"),
    begins=("after",),
    alone=frozenset({"before", "page"}),
    usual=10_000,
    most=10_000,
)
# https://platform.openai.com/docs/api-reference/chat/list
OF_CHATS = msgspec.structs.replace(PAGES, at="created", ascending=True)
# https://platform.openai.com/docs/api-reference/evals/list
OF_EVALS = msgspec.structs.replace(PAGES, ascending=True, alone=PAGES.alone | {"order_by"})

# What a stream of runs or an answer says while there is no end has no usage yet.
FINISHED = frozenset({"completed", "incomplete", "failed", "cancelled", "expired"})


def _finished(answer: Json) -> Seen:
    """A run that came to its end, as an answer or an event shows it."""
    known = answer.get("status") in FINISHED
    usage = parse_usage(answer.get("usage")) if known else None
    return Seen(usage=usage, model=string(answer.get("model")))


def background(answer: Json) -> Seen:
    """A response that was made in the background: nobody has told before what it used."""
    response: Any = answer.get("response", answer)
    if not isinstance(response, dict) or response.get("background") is not True:
        return Seen()
    return _finished(response)


def result(line: Json) -> Seen:
    """A line of a batch's output (https://platform.openai.com/docs/guides/batch)."""
    response = line.get("response")
    body = response.get("body") if isinstance(response, dict) else None
    if not isinstance(body, dict):
        return Seen()
    return Seen(usage=parse_usage(body.get("usage")), model=string(body.get("model")))


def kept(operation: Operation, root: str, acts: Sequence[Act], **facts: Any) -> Kept:
    """A kind of thing in OpenAI's format."""
    return Kept(
        name=f"openai.{facts.pop('name', operation.value)}",
        operation=operation,
        client=(),
        upstream=(),
        prefixes=PREFIXES,
        root=root,
        acts=tuple(acts),
        ids=facts.pop("ids", lambda body: IDS),
        parse_error=parse_error,
        render_error=render_error,
        watch=lambda body: Seen(),
        charged=False,
        own_headers=frozenset({"openai-organization", "openai-project", "openai-beta"}),
        **facts,
    )


def get(path: str, **facts: Any) -> Act:
    return Act(method="GET", path=path, **facts)


def post(path: str, **facts: Any) -> Act:
    return Act(method="POST", path=path, **facts)


def delete(path: str, **facts: Any) -> Act:
    return Act(method="DELETE", path=path, **facts)


def cycle(
    root: str, id: str, *, models: tuple[tuple[str, ...], ...] = (), pages: ByTime | None = PAGES
) -> tuple[Act, ...]:
    """What nearly everything has: made, listed, shown, changed, deleted."""
    one = f"{root}/{{{id}}}"
    made = post(root, models=models)
    changed = post(one, models=models)
    return made, get(root, listed=True, pages=pages), get(one), changed, delete(one)


def inside(root: str, *, told: Told | None = None) -> tuple[Act, ...]:
    """The same for what is a part of something else, whose id it has before its own."""
    one = f"{root}/*"
    return post(root, told=told), get(root), get(one, told=told), post(one), delete(one)


RESPONSES = kept(
    Operation.RESPONSES,
    "/responses",
    (
        get("/responses/{response}", streams=True, told=background),
        delete("/responses/{response}"),
        post("/responses/{response}/cancel", told=background),
        get("/responses/{response}/input_items"),
    ),
)

CONVERSATIONS = kept(
    Operation.CONVERSATIONS,
    "/conversations",
    (
        post("/conversations"),
        get("/conversations/{conversation}"),
        post("/conversations/{conversation}"),
        delete("/conversations/{conversation}"),
        post("/conversations/{conversation}/items"),
        get("/conversations/{conversation}/items"),
        get("/conversations/{conversation}/items/*"),
        delete("/conversations/{conversation}/items/*"),
    ),
)

STORED_CHATS = kept(
    Operation.STORED_CHATS,
    "/chat/completions",
    (
        get("/chat/completions", listed=True, pages=OF_CHATS),
        get("/chat/completions/{completion}"),
        post("/chat/completions/{completion}"),
        delete("/chat/completions/{completion}"),
        get("/chat/completions/{completion}/messages"),
    ),
    ids=lambda body: STORED,
)

FILES = kept(
    Operation.FILES,
    "/files",
    (
        post("/files", verb=Verb.SEND),
        get("/files", listed=True, pages=OF_FILES),
        get("/files/{file}", verb=Verb.SHOW),
        delete("/files/{file}", verb=Verb.DROP),
        # https://docs.mistral.ai/api/endpoint/files: a URL for whoever knows it; OpenAI has none.
        get("/files/{file}/url"),
        get("/files/{file}/content", content=True, told=result, share=0.5, verb=Verb.FETCH),
    ),
    lines=("body", "model"),
    following=COMMISSIONING,
)

UPLOADS = kept(
    Operation.UPLOADS,
    "/uploads",
    (
        post("/uploads"),
        post("/uploads/{upload}/parts"),
        post("/uploads/{upload}/complete"),
        post("/uploads/{upload}/cancel"),
    ),
)

BATCHES = kept(
    Operation.BATCHES,
    "/batches",
    (
        post("/batches", verb=Verb.MAKE),
        get("/batches", listed=True, pages=PAGES, verb=Verb.LIST),
        get("/batches/{batch}", verb=Verb.SHOW),
        post("/batches/{batch}/cancel", verb=Verb.STOP),
    ),
    ids=lambda body: LISTED,
    following=COMMISSIONING,
)

VECTOR_STORES = kept(
    Operation.VECTOR_STORES,
    "/vector_stores",
    (
        *cycle("/vector_stores", "store"),
        post("/vector_stores/{store}/search"),
        post("/vector_stores/{store}/files"),
        get("/vector_stores/{store}/files", paged=True),
        get("/vector_stores/{store}/files/{file}"),
        post("/vector_stores/{store}/files/{file}"),
        delete("/vector_stores/{store}/files/{file}"),
        get("/vector_stores/{store}/files/{file}/content"),
        post("/vector_stores/{store}/file_batches"),
        get("/vector_stores/{store}/file_batches/{batch}"),
        post("/vector_stores/{store}/file_batches/{batch}/cancel"),
        get("/vector_stores/{store}/file_batches/{batch}/files", paged=True),
    ),
)

CONTAINERS = kept(
    Operation.CONTAINERS,
    "/containers",
    (
        post("/containers"),
        get("/containers", listed=True, pages=PAGES),
        get("/containers/{container}"),
        delete("/containers/{container}"),
        post("/containers/{container}/files"),
        get("/containers/{container}/files"),
        get("/containers/{container}/files/*"),
        delete("/containers/{container}/files/*"),
        get("/containers/{container}/files/*/content", content=True),
    ),
)

# https://platform.openai.com/docs/guides/tools-skills; a list has the vendor's own in it.
SKILLS = kept(
    Operation.SKILLS,
    "/skills",
    (
        *cycle("/skills", "skill", pages=None),
        get("/skills/{skill}/content", content=True),
        post("/skills/{skill}/versions"),
        get("/skills/{skill}/versions"),
        get("/skills/{skill}/versions/*"),
        delete("/skills/{skill}/versions/*"),
        get("/skills/{skill}/versions/*/content", content=True),
    ),
)

ASSISTANTS = kept(
    Operation.ASSISTANTS, "/assistants", cycle("/assistants", "assistant", models=MODEL)
)

RUNS = "/threads/{thread}/runs"

THREADS = kept(
    Operation.THREADS,
    "/threads",
    (
        post("/threads"),
        get("/threads/{thread}"),
        post("/threads/{thread}"),
        delete("/threads/{thread}"),
        *inside("/threads/{thread}/messages"),
        post("/threads/runs", streams=True, models=MODEL, told=_finished),
        post(RUNS, streams=True, models=MODEL, told=_finished),
        get(RUNS),
        get(f"{RUNS}/*", told=_finished),
        post(f"{RUNS}/*"),
        post(f"{RUNS}/*/cancel", told=_finished),
        post(f"{RUNS}/*/submit_tool_outputs", streams=True, told=_finished),
        get(f"{RUNS}/*/steps"),
        get(f"{RUNS}/*/steps/*"),
    ),
)

FINE_TUNING = kept(
    Operation.FINE_TUNING,
    "/fine_tuning/jobs",
    (
        post("/fine_tuning/jobs", models=MODEL),
        get("/fine_tuning/jobs", listed=True, pages=PAGES),
        get("/fine_tuning/jobs/{job}"),
        post("/fine_tuning/jobs/{job}/cancel"),
        post("/fine_tuning/jobs/{job}/pause"),
        post("/fine_tuning/jobs/{job}/resume"),
        get("/fine_tuning/jobs/{job}/events"),
        get("/fine_tuning/jobs/{job}/checkpoints"),
    ),
)

# https://platform.openai.com/docs/api-reference/evals: answers that are stored, found by filters.
STORES = frozenset({"logs", "stored_completions", "responses"})


def _reads_all(body: Json) -> bool:
    """Whether an eval, or a run of one, is about stored answers."""
    run = mapping(body, "data_source") or {}
    sources = mapping(body, "data_source_config"), mapping(run, "source", "data_source.")
    return any(string(source.get("type")) in STORES for source in sources if source)


EVALS = kept(
    Operation.EVALS,
    "/evals",
    (
        *cycle("/evals", "eval", pages=OF_EVALS),
        post("/evals/{eval}/runs"),
        get("/evals/{eval}/runs"),
        get("/evals/{eval}/runs/*"),
        post("/evals/{eval}/runs/*"),
        post("/evals/{eval}/runs/*/cancel"),
        delete("/evals/{eval}/runs/*"),
        get("/evals/{eval}/runs/*/output_items"),
        get("/evals/{eval}/runs/*/output_items/*"),
    ),
    ids=lambda body: GRADED,
    sweeps=_reads_all,
)

SESSION = (("session", "model"),)
SDP = "application/sdp"

# https://platform.openai.com/docs/api-reference/realtime-sessions,
# https://platform.openai.com/docs/api-reference/realtime-calls: a browser goes on alone.
REALTIME_DIRECT = kept(
    Operation.REALTIME_DIRECT,
    "/realtime",
    (
        post("/realtime/client_secrets", models=SESSION),
        post("/realtime/sessions", models=MODEL),
        post("/realtime/transcription_sessions"),
        post("/realtime/calls", models=SESSION, types=(SDP,)),
    ),
    ids=lambda body: NO_IDS,
)

# https://platform.openai.com/docs/api-reference/audio: a speaker agrees before there is a voice.
VOICES_AT, CONSENTS_AT = "/audio/voices", "/audio/voice_consents"

OWN_VOICES = kept(
    Operation.VOICES,
    VOICES_AT,
    (post(VOICES_AT), delete(f"{VOICES_AT}/{{voice}}")),
    ids=lambda body: VOICES,
)
VOICE_CONSENTS = kept(
    Operation.VOICES,
    CONSENTS_AT,
    cycle(CONSENTS_AT, "consent"),
    name="voice_consents",
    ids=lambda body: VOICES,
)

RESOURCES = (
    RESPONSES,
    CONVERSATIONS,
    STORED_CHATS,
    FILES,
    UPLOADS,
    BATCHES,
    VECTOR_STORES,
    CONTAINERS,
    SKILLS,
    ASSISTANTS,
    THREADS,
    FINE_TUNING,
    EVALS,
    REALTIME_DIRECT,
    OWN_VOICES,
    VOICE_CONSENTS,
)
