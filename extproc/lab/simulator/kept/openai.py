"""OpenAI's files, batches, stores and stored answers.

https://platform.openai.com/docs/api-reference. Everything happens at once: a batch is completed
when it is made, a file is processed.
"""

from functools import cache, partial
from importlib import import_module

import orjson

from extproc.lab.simulator.dialect import Json, Refusal
from extproc.lab.simulator.forms import File
from extproc.lab.simulator.kept import answers, skills
from extproc.lab.simulator.kept.answers import page
from extproc.lab.simulator.kept.shelf import CREATED, Ask, Handler, Rule, Shelf, json, rule
from extproc.lab.simulator.play import Answer
from extproc.lab.simulator.typed import Judge

PURPOSES = {"assistants", "batch", "fine-tune", "vision", "user_data", "evals"}
ENDPOINTS = {"/v1/chat/completions", "/v1/responses", "/v1/embeddings", "/v1/completions"}
"""Where the lines of a batch may go."""
PARAMS = {
    "assistant": "beta.assistant_create_params.AssistantCreateParams",
    "batch": "batch_create_params.BatchCreateParams",
    "container": "container_create_params.ContainerCreateParams",
    "client_secret": "realtime.client_secret_create_params.ClientSecretCreateParams",
    "conversation": "conversations.conversation_create_params.ConversationCreateParams",
    "eval": "eval_create_params.EvalCreateParams",
    "fine_tuning.job": "fine_tuning.job_create_params.JobCreateParams",
    "thread": "beta.thread_create_params.ThreadCreateParams",
    "upload": "upload_create_params.UploadCreateParams",
    "vector_store": "vector_store_create_params.VectorStoreCreateParams",
}
"""Kind → the SDK's type of what makes one."""


@cache
def _judge(kind: str) -> Judge:
    module, _, name = PARAMS[kind].rpartition(".")
    return Judge(getattr(import_module(f"openai.types.{module}"), name), strict=True)


def _file(shelf: Shelf, name: str, data: bytes, purpose: str) -> Json:
    thing = {
        "id": shelf.new_id("file-"),
        "object": "file",
        "bytes": len(data),
        "created_at": shelf.now,
        "filename": name,
        "purpose": purpose,
        "status": "processed",
    }
    return shelf.put(thing, data)


def upload_file(ask: Ask) -> Answer:
    body = ask.body
    file, purpose = body.get("file"), body.get("purpose")
    if not isinstance(file, File):
        raise Refusal("Missing required parameter: 'file'.", param="file")
    if purpose not in PURPOSES:
        raise Refusal(f"Invalid value: {purpose!r}.", param="purpose")
    return json(_file(ask.shelf, file["name"], file["data"], purpose))


def content(ask: Ask) -> Answer:
    ask.shelf.get(ask.ids[-1])
    return Answer(content_type="application/octet-stream", body=ask.shelf.contents[ask.ids[-1]])


def signed(ask: Ask) -> Answer:
    """Where anybody may fetch a file of Mistral's (https://docs.mistral.ai/api/endpoint/files)."""
    ask.shelf.get(ask.ids[0], "file")
    hours = int(ask.query.get("expiry", 24))
    return json({"url": f"https://storage.example/{ask.ids[0]}?hours={hours}"})


def one(kind: str, ask: Ask) -> Answer:
    return json(ask.shelf.get(ask.ids[0], kind))


OLDEST_FIRST = frozenset({"chat.completion", "eval"})
"""Kinds whose lists begin so, where nobody says it."""
MOST = {"file": 10_000}
"""Things on a page; of other kinds, 100."""


def many(kind: str, ask: Ask) -> Answer:
    usual = "asc" if kind in OLDEST_FIRST else "desc"
    order, limit = ask.query.get("order", usual), ask.query.get("limit", "1")
    if order not in ("asc", "desc"):
        raise Refusal(f"Invalid value: {order!r}.", param="order")
    if not limit.isdecimal() or not 1 <= int(limit) <= MOST.get(kind, 100):
        raise Refusal(f"Invalid 'limit': {limit!r}.", param="limit")
    things = ask.shelf.all(kind)
    return page(ask, things[::-1] if order == "asc" else things)


def delete(kind: str, ask: Ask) -> Answer:
    ask.shelf.drop(ask.ids[0], kind)
    said = kind if kind == "file" else f"{kind}.deleted"
    return json({"id": ask.ids[0], "object": said, "deleted": True})


def make(kind: str, prefix: str, ask: Ask) -> Answer:
    body = ask.body
    _judge(kind).check(body)
    for name in ("training_file", "input_file_id"):
        if name in body:
            ask.shelf.get(body[name], "file")
    for id in body.get("file_ids") or ():
        ask.shelf.get(id, "file")
    thing = {**body, "id": ask.shelf.new_id(prefix), "object": kind}
    thing["created_at"] = ask.shelf.now
    return json(ask.shelf.put({"metadata": {}, **thing}))


def change(kind: str, ask: Ask) -> Answer:
    thing = ask.shelf.get(ask.ids[0], kind)
    thing.update(ask.body)
    return json(thing)


def end(kind: str, ask: Ask) -> Answer:
    thing = ask.shelf.get(ask.ids[0], kind)
    thing["status"] = "cancelled"
    return json(thing)


def make_batch(ask: Ask) -> Answer:
    """Runs every line at once."""
    body, shelf = ask.body, ask.shelf
    _judge("batch").check(body)
    if body["endpoint"] not in ENDPOINTS:
        raise Refusal(f"Invalid value: {body['endpoint']!r}.", param="endpoint")
    source = shelf.get(body["input_file_id"], "file")
    if source["purpose"] != "batch":
        raise Refusal("Invalid purpose of the input file.", param="input_file_id")
    lines = [orjson.loads(line) for line in shelf.contents[source["id"]].splitlines() if line]
    results = b"".join(_result(ask, number, line) for number, line in enumerate(lines))
    made = _file(shelf, "output.jsonl", results, "batch_output")
    thing = {
        **body,
        "id": shelf.new_id("batch_"),
        "object": "batch",
        "status": "completed",
        "created_at": shelf.now,
        "output_file_id": made["id"],
        "error_file_id": None,
        "request_counts": {"total": len(lines), "completed": len(lines), "failed": 0},
    }
    return json(shelf.put(thing))


def _result(ask: Ask, number: int, line: Json) -> bytes:
    if "custom_id" not in line or line.get("method") != "POST":
        raise Refusal(f"Line {number + 1} has no custom_id or method.", param="input_file_id")
    status, body = ask.run(line["url"], line["body"])
    response = {"status_code": status, "request_id": f"r{number}", "body": orjson.loads(body)}
    said = {"id": f"batch_req_{number}", "custom_id": line["custom_id"], "response": response}
    return orjson.dumps({**said, "error": None}) + b"\n"


def part(kind: str, prefix: str, ask: Ask) -> Answer:
    """Makes something that belongs to something else."""
    owner, body = ask.shelf.get(ask.ids[0]), ask.body
    for name in ("file_id", "assistant_id"):
        if name in body:
            ask.shelf.get(body[name])
    for id in body.get("file_ids") or ():
        ask.shelf.get(id, "file")
    own = body.get("file_id") if kind == "vector_store.file" else None
    belongs = {f"{owner['object']}_id": owner["id"]}
    thing = {"status": "completed", **_plain(body), **belongs, "object": kind}
    key = own or ask.shelf.new_id(prefix)
    thing["id"] = key if own is None else own
    ask.shelf.things[f"{owner['id']}/{key}"] = {**thing, "created_at": CREATED}
    return json({**thing, "created_at": CREATED})


def _plain(body: Json) -> Json:
    return {name: value for name, value in body.items() if not isinstance(value, File)}


def parts(kind: str, ask: Ask) -> Answer:
    owner = ask.shelf.get(ask.ids[0])
    return page(ask, ask.shelf.all(kind, **{f"{owner['object']}_id": owner["id"]}))


def a_part(kind: str, ask: Ask) -> Answer:
    place = f"{ask.ids[0]}/{ask.ids[1]}"
    found = ask.shelf.get(place, kind)
    if ask.request.method == "DELETE":
        ask.shelf.drop(place)
        return json({"id": ask.ids[1], "object": f"{kind}.deleted", "deleted": True})
    found.update(ask.body)
    return json(found)


def search(ask: Ask) -> Answer:
    ask.shelf.get(ask.ids[0], "vector_store")
    if not ask.body.get("query"):
        raise Refusal("Missing required parameter: 'query'.", param="query")
    found = [
        {"file_id": file["id"], "filename": "a.txt", "score": 0.9, "attributes": {}, "content": []}
        for file in ask.shelf.all("vector_store.file", vector_store_id=ask.ids[0])
    ]
    page = {"object": "vector_store.search_results.page", "search_query": [ask.body["query"]]}
    return json({**page, "data": found, "has_more": False, "next_page": None})


def run(ask: Ask) -> Answer:
    """A run of a thread, which is done at once."""
    body = ask.body
    thread = ask.shelf.get(ask.ids[0], "thread") if ask.ids else None
    if thread is None:
        made = {"id": ask.shelf.new_id("thread_"), "object": "thread", "created_at": CREATED}
        thread = ask.shelf.put(made)
    assistant = ask.shelf.get(body["assistant_id"], "assistant")
    thing = {
        "id": ask.shelf.new_id("run_"),
        "object": "thread.run",
        "thread_id": thread["id"],
        "assistant_id": assistant["id"],
        "model": body.get("model") or assistant["model"],
        "status": "completed",
        "created_at": CREATED,
        "usage": {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10},
    }
    ask.shelf.things[f"{thread['id']}/{thing['id']}"] = thing
    if not body.get("stream"):
        return json(thing)
    frames = [
        b"event: %s\ndata: %s\n\n" % (name, orjson.dumps(said))
        for name, said in (
            (b"thread.run.created", {**thing, "status": "queued", "usage": None}),
            (b"thread.run.completed", thing),
        )
    ]
    return Answer(
        content_type="text/event-stream", events=[*frames, b"event: done\ndata: [DONE]\n\n"]
    )


def complete_upload(ask: Ask) -> Answer:
    thing = ask.shelf.get(ask.ids[0], "upload")
    wanted = [f"{ask.ids[0]}/{id}" for id in ask.body["part_ids"]]
    for id in wanted:
        ask.shelf.get(id, "upload.part")
    thing["status"] = "completed"
    file = _file(ask.shelf, thing["filename"], b"", thing["purpose"])
    return json({**thing, "file": file})


def nothing(ask: Ask) -> Answer:
    ask.shelf.get(ask.ids[0])
    return page(ask, [])


def cycle(root: str, kind: str, prefix: str) -> tuple[Rule, ...]:
    return (
        rule("POST", root, partial(make, kind, prefix)),
        rule("GET", root, partial(many, kind)),
        rule("GET", f"{root}/*", partial(one, kind)),
        rule("POST", f"{root}/*", partial(change, kind)),
        rule("DELETE", f"{root}/*", partial(delete, kind)),
    )


def belonging(root: str, kind: str, prefix: str) -> tuple[Rule, ...]:
    ways: dict[str, Handler] = dict.fromkeys(("GET", "POST", "DELETE"), partial(a_part, kind))
    return (
        rule("POST", root, partial(part, kind, prefix)),
        rule("GET", root, partial(parts, kind)),
        *(rule(method, f"{root}/*", handle) for method, handle in ways.items()),
    )


def empty(ask: Ask) -> Answer:
    """https://platform.openai.com/docs/api-reference/containers: nothing comes back."""
    ask.shelf.drop(ask.ids[0], "container")
    return Answer(status=204, content_type=None)


def client_secret(ask: Ask) -> Answer:
    """https://platform.openai.com/docs/api-reference/realtime-sessions"""
    body = ask.body
    _judge("client_secret").check(body)
    session = {"id": "sess_1", "object": "realtime.session", **body.get("session", {})}
    return json({"value": "ek_of_the_vendor", "expires_at": CREATED, "session": session})


def old_secret(ask: Ask) -> Answer:
    """The form before, whose answer is the session."""
    secret = {"value": "ek_of_the_vendor", "expires_at": CREATED}
    return json({"id": "sess_1", "object": "realtime.session", **ask.body, "client_secret": secret})


def call(ask: Ask) -> Answer:
    """https://platform.openai.com/docs/api-reference/realtime-calls"""
    if ask.request.header("content-type") != "application/sdp":
        body = ask.body
        if not isinstance(body.get("sdp"), str):
            raise Refusal("Missing required parameter: 'sdp'.", param="sdp")
        if "session" in body and not orjson.loads(body["session"]).get("type"):
            raise Refusal("Missing required parameter: 'session.type'.", param="session.type")
    return Answer(status=201, content_type="application/sdp", body=b"v=0\r\n")


JOB_VERBS = ("cancel", "pause", "resume")
JOBS, STORES, RUNS = "/fine_tuning/jobs", "/vector_stores", "/threads/*/runs"

RULES: tuple[Rule, ...] = (
    rule("POST", "/files", upload_file),
    rule("GET", "/files", partial(many, "file")),
    rule("GET", "/files/*", partial(one, "file")),
    rule("DELETE", "/files/*", partial(delete, "file")),
    rule("GET", "/files/*/content", content),
    rule("GET", "/mistral/v1/files/*/url", signed),
    rule("POST", "/batches", make_batch),
    rule("GET", "/batches", partial(many, "batch")),
    rule("GET", "/batches/*", partial(one, "batch")),
    rule("POST", "/batches/*/cancel", partial(end, "batch")),
    rule("GET", "/responses/*", answers.response),
    rule("DELETE", "/responses/*", partial(delete, "response")),
    rule("POST", "/responses/*/cancel", answers.cancel_response),
    rule("GET", "/responses/*/input_items", answers.input_items),
    rule("POST", "/conversations/*/items", answers.items),
    rule("GET", "/conversations/*/items", answers.items),
    rule("GET", "/conversations/*/items/*", answers.item),
    rule("DELETE", "/conversations/*/items/*", answers.item),
    *cycle("/conversations", "conversation", "conv_"),
    rule("GET", "/chat/completions", partial(many, "chat.completion")),
    rule("GET", "/chat/completions/*", partial(one, "chat.completion")),
    rule("POST", "/chat/completions/*", partial(change, "chat.completion")),
    rule("DELETE", "/chat/completions/*", partial(delete, "chat.completion")),
    rule("GET", "/chat/completions/*/messages", nothing),
    rule("POST", "/uploads", partial(make, "upload", "upload_")),
    rule("POST", "/uploads/*/parts", partial(part, "upload.part", "part_")),
    rule("POST", "/uploads/*/complete", complete_upload),
    rule("POST", "/uploads/*/cancel", partial(end, "upload")),
    *cycle(STORES, "vector_store", "vs_"),
    rule("POST", f"{STORES}/*/search", search),
    rule("GET", f"{STORES}/*/files/*/content", nothing),
    *belonging(f"{STORES}/*/files", "vector_store.file", ""),
    rule("POST", f"{STORES}/*/file_batches/*/cancel", partial(a_part, "vector_store.files_batch")),
    rule("GET", f"{STORES}/*/file_batches/*/files", nothing),
    *belonging(f"{STORES}/*/file_batches", "vector_store.files_batch", "vsfb_"),
    rule("DELETE", "/containers/*", empty),
    rule("GET", "/containers/*/files/*/content", lambda ask: Answer(body=b"\x00\xff")),
    *cycle("/containers", "container", "cntr_"),
    *belonging("/containers/*/files", "container.file", "cfile_"),
    *skills.RULES,
    *cycle("/assistants", "assistant", "asst_"),
    rule("POST", "/threads/runs", run),
    *belonging("/threads/*/messages", "thread.message", "msg_"),
    rule("POST", RUNS, run),
    rule("GET", RUNS, partial(parts, "thread.run")),
    rule("GET", f"{RUNS}/*", partial(a_part, "thread.run")),
    rule("POST", f"{RUNS}/*", partial(a_part, "thread.run")),
    rule("POST", f"{RUNS}/*/cancel", partial(a_part, "thread.run")),
    rule("POST", f"{RUNS}/*/submit_tool_outputs", partial(a_part, "thread.run")),
    rule("GET", f"{RUNS}/*/steps", nothing),
    rule("GET", f"{RUNS}/*/steps/*", lambda ask: json({"id": ask.ids[2]})),
    *cycle("/threads", "thread", "thread_"),
    *cycle(JOBS, "fine_tuning.job", "ftjob-")[:3],
    *(rule("POST", f"{JOBS}/*/{verb}", partial(end, "fine_tuning.job")) for verb in ("cancel",)),
    *(
        rule("POST", f"{JOBS}/*/{verb}", partial(change, "fine_tuning.job"))
        for verb in ("pause", "resume")
    ),
    *(rule("GET", f"{JOBS}/*/{what}", nothing) for what in ("events", "checkpoints")),
    rule("POST", "/realtime/client_secrets", client_secret),
    rule("POST", "/realtime/sessions", old_secret),
    rule("POST", "/realtime/transcription_sessions", old_secret),
    rule("POST", "/realtime/calls", call),
    *cycle("/evals", "eval", "eval_"),
    rule("GET", "/evals/*/runs/*/output_items", nothing),
    rule("GET", "/evals/*/runs/*/output_items/*", lambda ask: json({"id": ask.ids[2]})),
    *belonging("/evals/*/runs", "eval.run", "evalrun_"),
)
