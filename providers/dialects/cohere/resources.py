"""What Cohere keeps for its clients: datasets, and the jobs and batches that read and write them.

https://docs.cohere.com/reference/create-dataset, https://docs.cohere.com/reference/create-embed-job
and https://docs.cohere.com/reference/create-batch (2026-11). What a dataset holds is fetched from
URLs of its parts, which prove by themselves who may.
"""

from typing import Any

import msgspec

from providers.bridging.dialect import Seen
from providers.bridging.kept_ids import Ids
from providers.bridging.pages import ByCursor
from providers.bridging.resource import Act, Kept
from providers.dialects.cohere.chat.answers import parse_usage
from providers.dialects.cohere.chat.errors import parse_error, render_error
from providers.operations import Operation
from providers.usage import count, told
from providers.wire.members import Json, string

MODEL = (("model",),)
LONGEST = 12
"""Digits; no number of tokens has as many."""

# No object says what it is: every `id` is one, but for those of a dataset's parts.
IDS = Ids(
    kind="",
    kinds=frozenset(),
    names=frozenset({"id", "job_id", "dataset_id", "input_dataset_id", "output_dataset_id"}),
    apart=frozenset({"dataset_parts", "meta"}),
)

# https://docs.cohere.com/reference/list-batches
PAGES = ByCursor(
    items="batches",
    sizes=("page_size",),
    begins=("page_token",),
    more="next_page_token",
    alone=frozenset({"order_by"}),
)


def _finished(answer: Json) -> Seen:
    """A batch that came to its end."""
    batch = answer.get("batch")
    if not isinstance(batch, dict) or batch.get("status") != "BATCH_STATUS_COMPLETED":
        return Seen()
    usage = told(_number(batch.get("input_tokens")), _number(batch.get("output_tokens")))
    return Seen(usage=usage, model=string(batch.get("model")))


def _number(value: Any) -> int | None:
    """Protobuf's JSON writes long numbers as texts."""
    text = isinstance(value, str) and value.isdecimal() and len(value) < LONGEST
    return count(int(value) if text else value)


def _embedded(answer: Json) -> Seen:
    """A job that came to its end; vectors are no tokens, so nothing is missing."""
    usage = parse_usage(answer.get("meta")) if answer.get("status") == "complete" else None
    if usage is not None:
        usage = msgspec.structs.replace(usage, estimated=False)
    return Seen(usage=usage, model=string(answer.get("model")))


def _kept(operation: Operation, prefix: str, root: str, *acts: Act) -> Kept:
    return Kept(
        name=f"cohere.{operation.value}",
        operation=operation,
        client=(),
        upstream=(),
        prefixes=(prefix,),
        root=root,
        acts=acts,
        ids=lambda body: IDS,
        parse_error=parse_error,
        render_error=render_error,
        watch=lambda body: Seen(),
        charged=False,
        own_headers=frozenset({"x-client-name"}),
    )


# How much the organization keeps is told of all of it, as a list is.
DATASETS = _kept(
    Operation.DATASETS,
    "/v1",
    "/datasets",
    Act(method="POST", path="/datasets"),
    Act(method="GET", path="/datasets", listed=True),
    Act(method="GET", path="/datasets/usage", listed=True),
    Act(method="GET", path="/datasets/{dataset}"),
    Act(method="DELETE", path="/datasets/{dataset}"),
)

EMBED_JOBS = _kept(
    Operation.EMBED_JOBS,
    "/v1",
    "/embed-jobs",
    Act(method="POST", path="/embed-jobs", models=MODEL),
    Act(method="GET", path="/embed-jobs", listed=True),
    Act(method="GET", path="/embed-jobs/{job}", told=_embedded),
    Act(method="POST", path="/embed-jobs/{job}/cancel"),
)

BATCHES = _kept(
    Operation.BATCHES,
    "/v2",
    "/batches",
    Act(method="POST", path="/batches", models=MODEL),
    Act(method="GET", path="/batches", listed=True, pages=PAGES),
    Act(method="GET", path="/batches/{batch}", told=_finished),
    Act(method="POST", path="/batches/{batch}:cancel"),
)

RESOURCES = (DATASETS, EMBED_JOBS, BATCHES)
