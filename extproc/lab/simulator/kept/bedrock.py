"""Amazon Bedrock's jobs and asynchronous invocations.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_CreateModelInvocationJob.html. A job is
completed when it is made, and nothing is read of S3.
"""

import re
from collections.abc import Callable, Set
from datetime import UTC, datetime

from extproc.lab.simulator.bedrock import reel
from extproc.lab.simulator.dialect import Json, Refusal
from extproc.lab.simulator.kept.films import BLOCKED
from extproc.lab.simulator.kept.shelf import Ask, Rule, json, rule
from extproc.lab.simulator.play import Answer

WHEN = "2026-01-01T00:00:00Z"
ARN = "arn:aws:bedrock:eu-west-1:123456789012:"
JOB, INVOKE = "model-invocation-job", "async-invoke"
ID = re.compile(rf"(?:{re.escape(ARN)}(?:{JOB}|{INVOKE})/)?([a-z0-9]+)")
NEEDED = {
    JOB: {"jobName", "roleArn", "modelId", "inputDataConfig", "outputDataConfig"},
    INVOKE: {"modelId", "modelInput", "outputDataConfig"},
}
KNOWN = {
    JOB: NEEDED[JOB]
    | {"clientRequestToken", "vpcConfig", "timeoutDurationInHours", "tags", "modelInvocationType"},
    INVOKE: NEEDED[INVOKE] | {"clientRequestToken", "tags"},
}
NAMES = {JOB: "jobArn", INVOKE: "invocationArn"}
MODEL = re.compile(r"[a-zA-Z0-9.:/-]+")
SAID = {
    "sortBy": ("SubmissionTime", "CreationTime"),
    "sortOrder": ("Ascending", "Descending"),
    "statusEquals": ("InProgress", "Completed", "Failed"),
}


def _one(ask: Ask, kind: str) -> Json:
    match = ID.fullmatch(ask.ids[0])
    found = ask.shelf.things.get(f"{kind}/{match[1]}") if match else None
    if found is None:
        raise Refusal(f"Could not find the job {ask.ids[0]}.", status=404)
    return found


def _checked(body: Json, needed: Set[str], known: Set[str]) -> None:
    for name in needed - body.keys():
        raise Refusal(f"1 validation error detected: Value at '{name}' failed: must not be null")
    for name in body.keys() - known:
        raise Refusal(f"1 validation error detected: {name} is not known")
    if not MODEL.fullmatch(str(body["modelId"])):
        raise Refusal("The provided model identifier is invalid.")


def make(kind: str) -> Callable[[Ask], Answer]:
    def made(ask: Ask) -> Answer:
        body = ask.body
        _checked(body, NEEDED[kind], KNOWN[kind])
        id = ask.shelf.new_id("")
        arn = f"{ARN}{kind}/{id}"
        said = {name: value for name, value in body.items() if name not in ("modelInput", "tags")}
        if kind == INVOKE:
            said["modelArn"] = f"arn:aws:bedrock:eu-west-1::foundation-model/{said.pop('modelId')}"
        thing = {**said, NAMES[kind]: arn, "status": "Completed", "submitTime": _now(ask)}
        if kind == INVOKE and "nova-reel" in body["modelId"]:
            thing |= {"status": "InProgress", "prompt": reel.check(body["modelInput"])}
        ask.shelf.things[f"{kind}/{id}"] = thing
        return json({NAMES[kind]: arn})

    return made


def _now(ask: Ask) -> str:
    return datetime.fromtimestamp(ask.shelf.now, UTC).isoformat().replace("+00:00", "Z")


def _sorted(ask: Ask, kind: str) -> list[Json]:
    """Those that are asked for; the newest come first where nobody says it."""
    query = ask.query
    for name, known in SAID.items():
        if name in query and query[name] not in known:
            raise Refusal(f"1 validation error detected: Value at '{name}' failed")
    if not 1 <= int(query.get("maxResults") or 1) <= 1000:
        raise Refusal("1 validation error detected: Value at 'maxResults' failed")
    before = query.get("submitTimeBefore")
    last = datetime.fromisoformat(before) if before else datetime.max.replace(tzinfo=UTC)
    found = [
        {key: value for key, value in one.items() if key != "prompt"}
        for name, one in ask.shelf.things.items()
        if name.startswith(f"{kind}/") and datetime.fromisoformat(one["submitTime"]) < last
    ]
    return found if query.get("sortOrder") == "Ascending" else found[::-1]


def many(kind: str, at: str) -> Callable[[Ask], Answer]:
    def listed(ask: Ask) -> Answer:
        found = _sorted(ask, kind)
        start = int(ask.query.get("nextToken") or 0)
        end = start + int(ask.query.get("maxResults") or len(found) + 1)
        more = {"nextToken": str(end)} if end < len(found) else {}
        return json({at: found[start:end], **more})

    return listed


def look(ask: Ask) -> Answer:
    """At an invocation; each look at a film brings it to its end."""
    thing = _one(ask, INVOKE)
    shown = {name: value for name, value in thing.items() if name != "prompt"}
    if thing["status"] != "InProgress":
        return json(shown)
    if BLOCKED in thing["prompt"]:
        why = "The request was blocked by our content filters."
        thing |= {"status": "Failed", "failureMessage": why}
    else:
        place = thing["outputDataConfig"]["s3OutputDataConfig"]["s3Uri"].rstrip("/")
        own = f"{place}/{thing['invocationArn'].rpartition('/')[2]}"
        config = {"s3OutputDataConfig": {"s3Uri": own}}
        thing |= {"status": "Completed", "outputDataConfig": config, "endTime": WHEN}
    return json(shown)


def stop(ask: Ask) -> Answer:
    _one(ask, JOB)["status"] = "Stopping"
    return json({})


RULES: tuple[Rule, ...] = (
    rule("POST", f"/{JOB}", make(JOB)),
    rule("GET", f"/{JOB}s", many(JOB, "invocationJobSummaries")),
    rule("GET", f"/{JOB}/*", lambda ask: json(_one(ask, JOB))),
    rule("POST", f"/{JOB}/*/stop", stop),
    rule("POST", f"/{INVOKE}", make(INVOKE)),
    rule("GET", f"/{INVOKE}", many(INVOKE, "asyncInvokeSummaries")),
    rule("GET", f"/{INVOKE}/*", look),
)
