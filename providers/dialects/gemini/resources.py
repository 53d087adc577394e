"""What the Gemini API keeps for its clients: files, cached contents, and batches.

https://ai.google.dev/api/files, https://ai.google.dev/api/caching and
https://ai.google.dev/api/batch-api
"""

from collections.abc import Iterator
from functools import reduce
from typing import Any

from providers.bridging.dialect import Seen
from providers.bridging.pages import ByCursor
from providers.bridging.resource import Act, Kept
from providers.dialects.gemini.batches import RUNNING, number, used
from providers.dialects.gemini.errors import parse_error, render_error
from providers.dialects.gemini.kept_ids import MADE, SHOWN, SOURCE
from providers.operations import Operation
from providers.usage import Usage, joined, told
from providers.wire.members import Json, dicts, string

MODELS = "models/"
PREFIXES = ("/v1beta", "/v1alpha", "/v1")
PAGES = frozenset({"pageSize", "page_size", "pageToken", "page_token", "filter"})
SIZES, BEGINS = ("pageSize", "page_size"), ("pageToken", "page_token")
MASK = frozenset({"updateMask", "update_mask"})
INPUTS = ("inputConfig", "input_config")
VERBS = (":batchGenerateContent", ":asyncBatchEmbedContent")


def pages(items: str) -> ByCursor:
    """How lists go on whose pages hold such a member (https://ai.google.dev/api/files#method:-files.list)."""
    return ByCursor(items=items, sizes=SIZES, begins=BEGINS, more="nextPageToken")


INLINED = ("inlinedResponses", "inlinedEmbedContentResponses")


def _inlined(output: Any) -> Iterator[Json]:
    """The results in what a batch has put out."""
    held = output if isinstance(output, dict) else {}
    for name in INLINED:
        inner = held.get(name)
        yield from dicts(inner.get("inlinedResponses") if isinstance(inner, dict) else inner)


def results(batch: Json) -> Seen:
    """A batch whose results it shows itself, in one place or in two."""
    metadata = batch.get("metadata")
    known: Json = metadata if isinstance(metadata, dict) else {}
    found = list(_inlined(batch.get("response"))) or list(_inlined(known.get("output")))
    told_of = [used(one) for one in found]
    usages = [seen.usage for seen in told_of if seen.usage is not None]
    named = next((seen.model for seen in told_of if seen.model), "")
    return Seen(
        usage=reduce(joined, usages) if usages else Usage(),
        model=named or string(known.get("model")).removeprefix(MODELS),
    )


def bare(page: Json) -> Json:
    """A list of batches without their results, which are charged where one is asked for."""
    if "operations" not in page:
        return page
    return {**page, "operations": [_bare(one) for one in dicts(page["operations"])]}


def _bare(batch: Json) -> Json:
    said: Any = batch.get("metadata")
    changed = {name: _outer(batch[name]) for name in ("response",) if name in batch}
    if isinstance(said, dict) and "output" in said:
        changed["metadata"] = {**said, "output": _outer(said["output"])}
    return {**batch, **changed}


def _outer(output: Any) -> Any:
    if not isinstance(output, dict):
        return output
    return {name: value for name, value in output.items() if name not in INLINED}


def written(cache: Json) -> Seen:
    """A cache that was made, whose tokens are billed as any others
    (https://ai.google.dev/gemini-api/docs/caching)."""
    said = cache.get("usageMetadata")
    tokens = number(said.get("totalTokenCount")) if isinstance(said, dict) else None
    model = string(cache.get("model")).rpartition(MODELS)[2]
    return Seen(usage=None if tokens is None else told(tokens, 0), model=model)


def _by_file(body: Json) -> bool:
    """Whether a batch reads a file, whose lines may name what others keep."""
    batch: Any = body.get("batch")
    sources = [batch.get(name) for name in INPUTS] if isinstance(batch, dict) else []
    return any(isinstance(one, dict) and not SOURCE.isdisjoint(one) for one in sources)


def _kept(what: str, operation: Operation, root: str, *acts: Act, **facts: Any) -> Kept:
    return Kept(
        name=f"gemini.{what}",
        operation=operation,
        client=(),
        upstream=(),
        root=root,
        acts=acts,
        ids=lambda body: MADE,
        shown=SHOWN,
        models_at=MODELS,
        marked="x-goog-api-client",
        parse_error=parse_error,
        render_error=render_error,
        watch=lambda body: Seen(),
        charged=False,
        **{"prefixes": PREFIXES, "queries": PAGES, **facts},
    )


FILES = _kept(
    "files",
    Operation.FILES,
    "/files",
    Act(method="GET", path="/files", listed=True, pages=pages("files")),
    Act(method="GET", path="/files/{file}"),
    Act(method="DELETE", path="/files/{file}"),
    Act(method="GET", path="/files/{file}:download", content=True, told=used, share=0.5),
    prefixes=(*PREFIXES, *(f"/download{prefix}" for prefix in PREFIXES)),
    collection="files/",
    urls=frozenset({"downloadUri"}),
    queries=PAGES | {"alt"},
)

# A file is announced, and then sent in pieces to a URL that the answer names.
# https://ai.google.dev/gemini-api/docs/files
SENT: dict[str, Any] = {
    "raw": True,
    "leads": frozenset({"upload_id"}),
    "links": frozenset({"x-goog-upload-url", "x-goog-upload-control-url"}),
}

UPLOADS = _kept(
    "uploads",
    Operation.FILES,
    "/files",
    *(Act(method=method, path="/files", **SENT) for method in ("POST", "PUT")),
    prefixes=tuple(f"/upload{prefix}" for prefix in PREFIXES),
    before="/upload",
    urls=FILES.urls,
    queries=frozenset({"upload_id", "upload_protocol", "uploadType", "upload_type"}),
)

CACHES = _kept(
    "caches",
    Operation.CACHES,
    "/cachedContents",
    Act(method="POST", path="/cachedContents", models=(("model",),), told=written),
    Act(method="GET", path="/cachedContents", listed=True, pages=pages("cachedContents")),
    Act(method="GET", path="/cachedContents/{cache}"),
    Act(method="PATCH", path="/cachedContents/{cache}"),
    Act(method="DELETE", path="/cachedContents/{cache}"),
    collection="cachedContents/",
    queries=PAGES | MASK,
)

NAMED = (
    ("batch", "model"),
    *(("batch", place, "requests", "requests", "*", "request", "model") for place in INPUTS),
)

BATCHES = _kept(
    "batches",
    Operation.BATCHES,
    "/batches",
    *(Act(method="POST", path=f"/models/{{model}}{verb}", models=NAMED) for verb in VERBS),
    Act(method="GET", path="/batches", listed=True, pages=pages("operations"), trimmed=bare),
    Act(method="GET", path="/batches/{batch}", told=results, share=0.5),
    Act(method="DELETE", path="/batches/{batch}"),
    Act(method="POST", path="/batches/{batch}:cancel"),
    collection="batches/",
    also=VERBS,
    sweeps=_by_file,
    doing=RUNNING,
    does=(Operation.FILES, Operation.BATCHES),
)

RESOURCES = (FILES, UPLOADS, CACHES, BATCHES)
