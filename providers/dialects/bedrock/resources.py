"""What Amazon Bedrock keeps for its clients: jobs that read and write the user's own S3.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_CreateModelInvocationJob.html and
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_StartAsyncInvoke.html
"""

import re
from typing import Any

from providers.bridging.dialect import Seen
from providers.bridging.kept_ids import Ids
from providers.bridging.pages import ByCursor
from providers.bridging.resource import Act, Kept
from providers.dialects.bedrock.errors import parse_error, render_error
from providers.operations import Operation

MODEL = (("modelId",),)

IDS = Ids(
    kind="",
    kinds=frozenset(),
    names=frozenset({"invocationArn", "jobArn"}),
    apart=frozenset({"modelInput", "tags"}),
    # A job is asked for by its ARN or by the end of it.
    shape=re.compile(
        r"(?:arn:[\w-]+:bedrock:[\w-]*:\d*:(?:model-invocation-job|async-invoke)/)?(?P<id>[\w-]+)",
        re.ASCII,
    ),
)

PAGES = frozenset(
    {
        *("maxResults", "nextToken", "sortBy", "sortOrder"),
        *("nameContains", "statusEquals", "submitTimeAfter", "submitTimeBefore"),
    }
)


def _pages(items: str) -> ByCursor:
    return ByCursor(
        items=items,
        sizes=("maxResults",),
        begins=("nextToken",),
        more="nextToken",
        alone=frozenset({"sortBy", "sortOrder"}),
    )


def _kept(what: str, operation: Operation, root: str, *acts: Act, **facts: Any) -> Kept:
    return Kept(
        name=f"bedrock.{what}",
        operation=operation,
        client=(),
        upstream=(),
        prefixes=("",),
        root=root,
        acts=acts,
        ids=lambda body: IDS,
        queries=PAGES,
        parse_error=parse_error,
        render_error=render_error,
        watch=lambda body: Seen(),
        charged=False,
        request_id="x-amzn-requestid",
        **facts,
    )


JOB, JOBS_AT = "/model-invocation-job", "/model-invocation-jobs"

JOBS = _kept(
    "jobs",
    Operation.BATCHES,
    JOB,
    Act(method="POST", path=JOB, models=MODEL),
    Act(method="GET", path=JOBS_AT, listed=True, pages=_pages("invocationJobSummaries")),
    Act(method="GET", path=f"{JOB}/{{job}}"),
    Act(method="POST", path=f"{JOB}/{{job}}/stop"),
    also=(JOBS_AT,),
)

INVOKE = "/async-invoke"

ASYNC_INVOKES = _kept(
    "async_invokes",
    Operation.ASYNC_INVOKES,
    INVOKE,
    Act(method="POST", path=INVOKE, models=MODEL),
    Act(method="GET", path=INVOKE, listed=True, pages=_pages("asyncInvokeSummaries")),
    Act(method="GET", path=f"{INVOKE}/{{invoke}}"),
)

RESOURCES = (JOBS, ASYNC_INVOKES)
