"""A client's conversation as its provider is told it.

What is lost thereby is named as the client called it; what must not be lost is refused.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import msgspec
import orjson

from providers.bridging import documents, fidelity, remote, tool_names, vendor_tools
from providers.bridging.amending.amendment import Amendment
from providers.bridging.amending.needs import needed
from providers.bridging.amending.schemas import fit_output, fit_tools
from providers.bridging.client_names import as_sent
from providers.bridging.dialect import Call, Sent, Wanted
from providers.bridging.features import used
from providers.bridging.fidelity import Feature
from providers.bridging.members import said
from providers.bridging.quirks import Quirks
from providers.bridging.stand_ins import Known, StandIns
from providers.bridging.tuning import fit
from providers.bridging.unknown_members import unknown
from providers.errors import Unsupported
from providers.neutral import pairing
from providers.neutral.chat import ChatRequest, NativeTool
from providers.neutral.media import Link
from providers.neutral.schemas.subset import Unfit
from providers.wire.budget import Budget

if TYPE_CHECKING:
    from providers.bridging.chat import ChatDialect


class Telling:
    """What the clients of one dialect ask, as one backend of another is told it."""

    def __init__(
        self, client: "ChatDialect", target: "ChatDialect", quirks: Quirks, where: str
    ) -> None:
        """`where`: what the backend's dialect is called in messages."""
        self._client = client
        self._target = target
        self._quirks = quirks
        self._where = where

    def sent(self, call: Call) -> Sent | Wanted:
        """The provider's body for what the client asks; raises Unsupported."""
        parsed = self._client.parse_request(call.body, call.path_model, call.stream)
        request = msgspec.structs.replace(
            parsed,
            model=call.model,
            family=self._quirks.family,
            budget=Budget(call.bounds),
            extras=said(parsed.extras),
        )
        target = self._target
        standing: StandIns = {}
        if self._client.recast is not None:
            request, standing = self._client.recast.functions(
                request, self._known(request.known_as)
            )
        request, left_out = self._without_tools(request)
        messages = pairing.paired(request.messages)
        if messages is not request.messages:
            request = msgspec.structs.replace(request, messages=messages)
        features = used(request)
        links: tuple[Link, ...] = ()
        if not features.isdisjoint(remote.URLS):
            links = remote.links(request, target, self._client.names)
            request = remote.inlined(request, target, call.files)
            features = used(request)
        if documents.wants_words(features, target.carries):
            request = documents.worded(request)
            features = used(request)
        shape = self._client.members
        dropped = [] if shape is None else unknown(call.body, shape)
        request, amendments = self._mended(request, features, dropped)
        if links and not call.files:
            return Wanted(links=links)
        sent = self._sent(request, amendments, [*dropped, *left_out], call)
        return msgspec.structs.replace(sent, stand_ins=standing) if standing else sent

    def _without_tools(self, request: ChatRequest) -> tuple[ChatRequest, list[str]]:
        """The request with tools that the provider has; raises Unsupported."""
        target, client = self._target, self._client
        dialect, model = target.words or target.name, request.known_as
        if vendor_tools.has_none(request):
            return request, []

        def runs(tool: NativeTool) -> bool:
            return target.takes(tool, model)

        request, made = vendor_tools.without_searches(request, dialect, client.searched)
        if self._quirks.drop_tools:
            request, lost = vendor_tools.leave_out(request, runs, dialect)
        else:
            request, lost = vendor_tools.without_options(request, runs)
            param = client.names.get(Feature.NATIVE_TOOLS, "tools")
            vendor_tools.refuse(request, runs, self._where, param)
        request, unchosen = vendor_tools.free_choice(request, dialect)
        return request, [*made, *lost, *unchosen]

    def _known(self, model: str) -> Known:
        target, only = self._target, self._quirks.functions_only
        return lambda tool: not only and target.takes(tool, model)

    def _mended(
        self, request: ChatRequest, features: set[Feature], dropped: list[str]
    ) -> tuple[ChatRequest, list[Amendment]]:
        """What of a request its provider can be told, and what is done to the answer for the rest;
        raises Unsupported."""
        target, amendments = self._target, list[Amendment]()
        lacking = target.lacks(request)
        carries = target.carries - lacking if lacking else target.carries
        if features <= carries and Feature.JSON_SCHEMA not in features:
            return request, amendments
        schemas = target.schemas(request)
        name = self._client.names.get(Feature.JSON_SCHEMA, Feature.JSON_SCHEMA.value)
        try:
            if Feature.JSON_SCHEMA in features and Feature.JSON_SCHEMA in carries:
                try:
                    request, amendments = fit_output(request, schemas, name, dropped)
                except Unfit:
                    carries -= {Feature.JSON_SCHEMA}
            lost = features - carries
            if lost:
                request, more, approximated = needed(request, lost, carries, schemas)
                amendments += more
                dropped += approximated
                hints = request.hints | (lacking & fidelity.HINTS_TO_MODELS)
                dropped += fidelity.settle(lost, carries, self._client.names, self._where, hints)
                request = fidelity.without(request, lost & lacking) if lacking else request
        except Unfit as reason:
            message = f"{name} cannot be used in {self._where}: {reason}"
            raise Unsupported(message, param=name) from None
        return request, amendments

    def _sent(
        self, request: ChatRequest, amendments: list[Amendment], dropped: list[str], call: Call
    ) -> Sent:
        """A request that the provider can be told; `dropped` is what is lost of it already."""
        target = self._target
        request, renamed = tool_names.fit(request, target.tool_names)
        request, more = fit_tools(request, target.schemas(request), dropped)
        body = target.render_request(request, dropped)
        for name in request.binding.intersection(dropped):
            raise Unsupported(f"{name} cannot be expressed in {self._where}", param=name)
        headers, lost = fit(body, call, target, self._quirks, request.headers)
        found = (*dropped, *lost)
        named = dict.fromkeys(name for each in found for name in self._names(each, request, call))
        return Sent(
            body=orjson.dumps(body),
            dropped=tuple(named),
            renamed=renamed,
            called=pairing.call_ids(request.messages),
            amendments=(*more, *amendments),
            headers=headers,
        )

    def _names(self, name: str, request: ChatRequest, call: Call) -> Iterable[str]:
        """The client's names for what is dropped, which may be a part of an object of its own."""
        rest = request.extras.get(name)
        opened = name in self._client.opened or rest != call.body.get(name)
        if name in fidelity.FEATURES:
            found = [self._client.names.get(Feature(name), name)]
        elif isinstance(rest, dict) and opened:
            found = [f"{name}.{member}" for member, value in rest.items() if value is not None]
        else:
            found = [name]
        client = self._client
        part = name in fidelity.FEATURES
        return [
            as_sent(each, call.body, client.opened, older=client.older, part=part) for each in found
        ]
