"""Decides what is answered to a request; knows no socket."""

import re
from collections import deque
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from functools import cache, lru_cache, partial
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import msgspec
import orjson

from extproc.lab.simulator import directives as orders
from extproc.lab.simulator import forms, odd, reply
from extproc.lab.simulator.catalog import dialects
from extproc.lab.simulator.dialect import Asked, Call, Dialect, Event, Refusal, Reply, Turn, Usage
from extproc.lab.simulator.directives import BadDirectiveError, Directives
from extproc.lab.simulator.http1 import Request, decoded
from extproc.lab.simulator.kept import gemini, keeping, rules
from extproc.lab.simulator.kept.shelf import Ask, Rule, Shelf
from extproc.lab.simulator.play import Answer, Step, steps
from extproc.lab.simulator.prompt_cache import PromptCache
from extproc.lab.simulator.record import Recorded
from extproc.lab.simulator.sessions.talk import Denied, asks

Orders = Mapping[str, Any]
Script = Callable[[Recorded], Orders | None]
NO_ORDERS: Orders = {}
UNREADABLE = (AttributeError, KeyError, TypeError, ValueError)
"""What reading a body of the wrong types raises."""
MEMORY, MEMORY_BODY = 256, 131072
"""Answers that are kept ready, and the most bytes of a request or an answer that is."""
USUAL = "openai.chat"
"""Its errors answer on paths that no dialect has."""
GOOGLES = "gemini.generate_content"
"""The dialect whose requests name what is kept, and where."""
STORING = keeping.JOBS | {"openai.chat", *keeping.STORED}
"""Dialects whose answers are kept."""
REQUEST_IDS = {
    "anthropic": "request-id",
    "bedrock": "x-amzn-requestid",
    "elevenlabs": "request-id",
}
"""Family of dialects → the header in which its vendor says an answer's id; others: OpenAI's."""
MODELS = re.compile(r".*/models(?:/(?P<model>[^/]+))?")


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """How a simulator behaves."""

    name: str = "sim"
    """What `at` in a directive names."""
    script: Sequence[Orders] | Script = ()
    """Orders for the first requests, one each; or a function that is asked for each request."""
    by_model: Mapping[str, Orders] = {}
    """Model name prefix → orders; the longest prefix wins."""
    models: Sequence[str] = ("sim-small", "sim-large")
    """What `GET …/models` lists; any model is answered."""
    keys: frozenset[str] = frozenset()
    """Accepted credentials; empty: none is asked for."""
    validate: bool = True
    """False: whatever can be read is answered."""
    strict: bool = True
    """False: parameters that the SDK does not know are accepted, as by many compatible servers."""
    prompt_cache: bool = False
    """True: what begins as an earlier prompt did is reported as read from a cache."""
    keep: int = 1000
    """Requests that are remembered."""
    keep_body: int = 1 << 20
    """Bytes of each body that are remembered."""
    keep_bytes: int = 64 << 20
    """Bytes of all bodies together; the oldest requests make room."""


class Told(msgspec.Struct, frozen=True):
    """An answer and how it is to be sent."""

    answer: Answer
    order: Directives = orders.DEFAULT
    usage: Usage | None = None


class Desk:
    """Takes requests, gives the steps of their answers, remembers both."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.requests: deque[Recorded] = deque()
        script = settings.script
        self.script: deque[Orders] = deque(() if callable(script) else script)
        self._ask = script if callable(script) else None
        self._number = 0
        self._kept = 0
        self._memory: dict[Hashable, Told] = {}
        self.shelf = Shelf(settings.name)
        self._prompts = PromptCache() if settings.prompt_cache else None

    def answer(self, request: Request, connection: int) -> tuple[Recorded, Iterator[Step]]:
        """A record of the request and all that happens on the wire."""
        record = Recorded(
            method=request.method,
            target=request.target,
            headers=request.headers,
            body=request.body[: self.settings.keep_body],
            size=len(request.body),
            connection=connection,
        )
        control = CONTROL.get(request.path)
        if control:
            told = Told(control(self, request))
        else:
            self._keep(record)
            told = self._provider(request, record)
        answer = self._signed(told.answer, record)
        record.status = answer.status
        record.usage = told.usage
        return record, steps(answer, told.order, close=request.close)

    def session(self, request: Request, connection: int) -> Any:
        """A session that begins; None where it is refused, as `answer` then says."""
        try:
            conversation = _conversation(request, self.settings.keys)
        except (Denied, Refusal):
            return None
        record = Recorded(
            method=request.method,
            target=request.target,
            headers=request.headers,
            body=b"",
            size=0,
            connection=connection,
            status=101,
        )
        self._keep(record)
        return conversation

    def _keep(self, record: Recorded) -> None:
        self.requests.append(record)
        self._kept += len(record.body)
        limits = self.settings
        while len(self.requests) > limits.keep or self._kept > limits.keep_bytes:
            self._kept -= len(self.requests.popleft().body)

    def forget(self) -> None:
        """As if nothing had been received, and nothing were to be scripted."""
        self.requests.clear()
        self.script.clear()
        self._kept = 0
        self._memory.clear()
        self.shelf = Shelf(self.settings.name)

    def _provider(self, request: Request, record: Recorded) -> Told:
        home = HOMES.get(dict(request.headers).get("host", ""), "")
        dialect, params = _match(home + request.path)
        found = rules.found(request)
        try:
            if found is not None:
                dialect, record.dialect = _dialect(found[0]), found[0]
                return self._of_the_shelf(request, dialect, *found[1:])
            if dialect is None:
                return Told(self._other(request))
            record.dialect = dialect.name
            return self._remembered(dialect, params, request, record)
        except BadDirectiveError as fault:
            return Told(odd.fault(400, f"sim: {fault}"))
        except Refusal as refusal:
            return Told(_refused(dialect or _dialect(USUAL), refusal))
        except Exception as bug:
            return Told(odd.fault(500, f"sim: {bug!r}"))

    def _of_the_shelf(
        self, request: Request, dialect: Dialect, rule: Rule, ids: Sequence[str]
    ) -> Told:
        call = Call(path=request.path, params={}, query={}, headers=request.headers, body={})
        order = orders.merge((orders.from_headers(request.headers),), self.settings.name)
        if order.status >= 400:
            return Told(_failed(dialect, order), order)
        # Google's upload URLs are proof enough.
        proven = "upload_id" in request.query
        if self.settings.keys and not proven and dialect.key(call) not in self.settings.keys:
            raise Refusal("Incorrect API key provided.", status=401, code="invalid_api_key")
        ask = Ask(shelf=self.shelf, request=request, ids=ids, run=partial(self._run, request))
        return Told(rule.handle(ask), order)

    def _run(self, batch: Request, path: str, body: dict[str, Any]) -> tuple[int, bytes]:
        """A call of a model as a line of a batch has it."""
        dialect, params = _match(path)
        if dialect is None:
            raise Refusal(f"Invalid URL ({path})")
        request = Request(
            method="POST", target=path, headers=batch.headers, body=orjson.dumps(body), close=False
        )
        try:
            answer = self._chat(dialect, params, request, NO_ORDERS).answer
        except Refusal as refusal:
            return refusal.status, dialect.error(refusal, orders.DEFAULT)
        return answer.status, answer.body

    def _remembered(
        self, dialect: Dialect, params: Mapping[str, str], request: Request, record: Recorded
    ) -> Told:
        """The answer, out of memory where the same request was answered before."""
        scripted = self._scripted(record)
        varies = scripted or self.settings.keys or self._prompts is not None
        lasting = varies or dialect.name in keeping.JOBS
        if lasting or len(request.body) > MEMORY_BODY:
            return self._chat(dialect, params, request, scripted)
        told_so = tuple(each for each in request.headers if each[0].startswith(orders.HEADER))
        key = (request.method, request.target, request.body, told_so)
        told = self._memory.get(key)
        if told is None:
            told = self._chat(dialect, params, request, scripted)
            if _size(told.answer) <= MEMORY_BODY and not told.order.unique:
                self._remember(key, told)
        return told

    def _remember(self, key: Hashable, told: Told) -> None:
        if len(self._memory) >= MEMORY:
            self._memory.clear()
        self._memory[key] = told

    def _chat(
        self, dialect: Dialect, params: Mapping[str, str], request: Request, scripted: Orders
    ) -> Told:
        if request.method != "POST":
            raise Refusal(f"Not allowed to {request.method} on {request.path}.", status=405)
        call = Call(
            path=request.path,
            params=params,
            query=request.query,
            headers=request.headers,
            body=_body(request),
        )
        if self.settings.keys and dialect.key(call) not in self.settings.keys:
            raise Refusal("Incorrect API key provided.", status=401, code="invalid_api_key")
        asked = self._asked(dialect, call)
        order = self._orders(asked, call, scripted)
        if order.status < 400:
            self._check(dialect, call, order)
            if dialect.name == GOOGLES:
                gemini.used(self.shelf, call.path, call.body)
        made = self._cached(call.body, reply.build(asked, order, request.body))
        turn = Turn(asked=asked, reply=made, directives=order)
        return Told(self._kept_answer(dialect, turn, call), order, made.usage)

    def _cached(self, body: dict[str, Any], made: Reply) -> Reply:
        """The same answer, which says what of its prompt was known already."""
        if self._prompts is None or made.usage.cached:
            return made
        cached = self._prompts.tokens(body, made.usage.prompt)
        usage = msgspec.structs.replace(made.usage, cached=cached)
        return msgspec.structs.replace(made, usage=usage)

    def _kept_answer(self, dialect: Dialect, turn: Turn, call: Call) -> Answer:
        """The answer, which stays on the shelf where the request says so."""
        answer = _told(dialect, turn)
        kept = dialect.name in STORING and keeping.keeps(call.body, dialect.name)
        if turn.directives.status >= 400 or not kept:
            return answer
        said = keeping.keep(self.shelf, call.body, dialect.whole(turn))
        return msgspec.structs.replace(answer, body=said) if answer.events is None else answer

    def _asked(self, dialect: Dialect, call: Call) -> Asked:
        try:
            return dialect.ask(call)
        except UNREADABLE as fault:
            self._check(dialect, call, orders.DEFAULT)
            raise Refusal(f"sim: cannot read the request: {fault!r}") from fault

    def _check(self, dialect: Dialect, call: Call, order: Directives) -> None:
        wanted = self.settings.validate if order.validate is None else order.validate
        if not wanted:
            return
        if not _installed(dialect.sdk):
            raise Refusal(
                f"sim: requests are checked with the package {dialect.sdk!r}, which is not"
                " installed; install it, or switch validation off",
                status=501,
            )
        dialect.check(call, self.settings.strict)

    def _scripted(self, record: Recorded) -> Orders:
        if self.script:
            return self.script.popleft()
        return (self._ask(record) if self._ask else None) or NO_ORDERS

    def _orders(self, asked: Asked, call: Call, scripted: Orders) -> Directives:
        by_model = orders.by_prefix(asked.model, self.settings.by_model)
        spoken = orders.from_text(asked.text)
        headers = orders.from_headers(call.headers)
        layers = (scripted, by_model, *spoken, headers)
        return orders.merge(layers, self.settings.name)

    def _other(self, request: Request) -> Answer:
        if asks(request):
            _denied(request, self.settings.keys)
        match = MODELS.fullmatch(request.path)
        if not match or request.method != "GET":
            raise Refusal(f"Invalid URL ({request.method} {request.path})", status=404)
        listed = [_model(name) for name in self.settings.models]
        if match["model"] is None:
            return Answer(body=orjson.dumps({"object": "list", "data": listed}))
        name = decoded(match["model"])
        if name not in self.settings.models:
            raise Refusal(f"The model '{name}' does not exist", status=404, code="model_not_found")
        return Answer(body=orjson.dumps(_model(name)))

    def _signed(self, answer: Answer, record: Recorded) -> Answer:
        """`answer` with this request's id; a stream's events are counted as they go."""
        self._number += 1
        named = REQUEST_IDS.get(record.dialect.partition(".")[0], "x-request-id")
        request_id = (named, f"req_{self.settings.name}_{self._number}")
        events = None if answer.events is None else _counted(answer.events, record)
        return msgspec.structs.replace(answer, headers=[*answer.headers, request_id], events=events)


def _denied(request: Request, keys: frozenset[str]) -> None:
    """Raises Refusal where no session begins."""
    try:
        _conversation(request, keys)
    except Denied as denied:
        raise Refusal(denied.message, status=denied.status) from None


def _conversation(request: Request, keys: frozenset[str]) -> Any:
    """A session; raises Denied, or Refusal where frames cannot be read."""
    if not _installed("wsproto"):
        raise Refusal("sim: sessions need the package 'wsproto'", status=501)
    module = import_module("extproc.lab.simulator.sessions.conversation")
    return module.Conversation(request, keys)


def _failed(dialect: Dialect, order: Directives) -> Answer:
    """An error, or what nobody can read, as it was ordered."""
    message = order.message or f"The simulator was told to answer {order.status}."
    refusal = Refusal(message, status=order.status, code=order.error_code)
    odd_one = odd.answer(order, dialect.error(refusal, order), message)
    named = dialect.error_headers(refusal, order) if order.status >= 400 else ()
    return msgspec.structs.replace(odd_one, headers=[*odd_one.headers, *named])


def _told(dialect: Dialect, turn: Turn) -> Answer:
    order = turn.directives
    if order.body not in {"own", "whole"} or order.status >= 400:
        return _failed(dialect, order)
    if turn.asked.stream and order.body == "own":
        return Answer(
            status=order.status,
            headers=[*dialect.stream_headers(turn)],
            content_type=dialect.stream_content_type,
            events=_frames(dialect, turn),
        )
    return Answer(
        status=order.status,
        headers=[*dialect.counts(turn)],
        content_type=dialect.content_type,
        body=dialect.whole(turn),
    )


def _refused(dialect: Dialect, refusal: Refusal) -> Answer:
    return Answer(
        status=refusal.status,
        headers=[*dialect.error_headers(refusal, orders.DEFAULT)],
        body=dialect.error(refusal, orders.DEFAULT),
    )


def _frames(dialect: Dialect, turn: Turn) -> list[bytes]:
    order = turn.directives
    return [
        dialect.frame(event, order)
        for event in _interrupted(dialect, turn)
        if order.done or not event.closing
    ]


def _size(answer: Answer) -> int:
    return len(answer.body) + sum(map(len, answer.events or ()))


def _counted(frames: Iterable[bytes], record: Recorded) -> Iterator[bytes]:
    for frame in frames:
        record.pieces += 1
        yield frame


@cache
def _installed(package: str) -> bool:
    try:
        return find_spec(package) is not None
    except ModuleNotFoundError:
        return False  # what `package` is a part of is missing


def _dialect(name: str) -> Dialect:
    return next(dialect for dialect in dialects() if dialect.name == name)


def _interrupted(dialect: Dialect, turn: Turn) -> Iterator[Event]:
    order = turn.directives
    for number, event in enumerate(dialect.events(turn)):
        if number == order.error_after:
            message = order.message or "The simulator was told to fail in mid-stream."
            yield dialect.stream_error(Refusal(message, status=500), order)
            return
        yield event


def _body(request: Request) -> dict[str, Any]:
    content_type = dict(request.headers).get("content-type", "")
    if content_type.startswith("multipart/"):
        return forms.members(content_type, request.body)
    return _json(request.body)


def _json(body: bytes) -> dict[str, Any]:
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Refusal(f"We could not parse the JSON body of your request: {error}") from error
    if not isinstance(value, dict):
        raise Refusal("The JSON body of your request is not an object.")
    return value


HOMES = {"api.mistral.ai": "/mistral"}
"""Whoever asks such a host means its own formats, as by this prefix."""


@lru_cache(maxsize=1024)
def _match(path: str) -> tuple[Dialect | None, Mapping[str, str]]:
    for dialect in dialects():
        if match := dialect.path.fullmatch(path):
            return dialect, {key: decoded(value or "") for key, value in match.groupdict().items()}
    return None, {}


def _model(name: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": reply.CREATED, "owned_by": "sim"}


def _health(desk: Desk, request: Request) -> Answer:
    return Answer(content_type="text/plain", body=b"ok")


def _listed(desk: Desk, request: Request) -> Answer:
    return Answer(body=orjson.dumps([record.as_json() for record in desk.requests]))


def _reset(desk: Desk, request: Request) -> Answer:
    desk.forget()
    return Answer(body=b"{}")


def _append(desk: Desk, request: Request) -> Answer:
    try:
        added = msgspec.json.decode(request.body, type=list[dict[str, Any]])
        for each in added:
            orders.convert(each)
    except (msgspec.DecodeError, BadDirectiveError) as fault:
        return odd.fault(400, f"sim: {fault}")
    desk.script.extend(added)
    return Answer(body=orjson.dumps({"waiting": len(desk.script)}))


CONTROL: Mapping[str, Callable[[Desk, Request], Answer]] = {
    "/healthz": _health,
    "/__sim/requests": _listed,
    "/__sim/reset": _reset,
    "/__sim/script": _append,
}
