"""Plain data as Envoy's messages; what stands in several places of a tree is written once.

A map of 10,000 models takes the library that `render` is written with seconds, and protobuf's own
tenths of them for each copy that it makes of a message on its way into another. So trees are bytes
from the start: https://protobuf.dev/programming-guides/encoding/#length-types.
"""

import pkgutil
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from importlib import import_module
from typing import Any

from envoy.config.route.v3 import route_components_pb2, route_pb2
from envoy_data_plane.xds.core.v3 import TypedExtensionConfig as Newer
from google.protobuf.json_format import ParseDict, ParseError
from xds.type.matcher.v3 import matcher_pb2

from extproc.ratelimit.wire import varint

Json = Mapping[str, Any]
Matcher = matcher_pb2.Matcher


def routes(configuration: Json) -> bytes:
    """A RouteConfiguration, each virtual host of which decides by a matcher tree."""
    rest = {name: value for name, value in configuration.items() if name != "virtual_hosts"}
    trees = Trees()
    hosts = [
        _field(route_pb2.RouteConfiguration, "virtual_hosts", _host(trees, host))
        for host in configuration["virtual_hosts"]
    ]
    return b"".join([_bytes(route_pb2.RouteConfiguration(), rest), *hosts])


def _host(trees: "Trees", host: Json) -> bytes:
    bare = {name: value for name, value in host.items() if name != "matcher"}
    matcher = _field(route_components_pb2.VirtualHost, "matcher", trees.matcher(host["matcher"]))
    return _bytes(route_components_pb2.VirtualHost(), bare) + matcher


@cache
def _tag(message: Any, name: str) -> bytes:
    """What stands before the length of a message's field, if that is text or a message."""
    return varint(message.DESCRIPTOR.fields_by_name[name].number << 3 | 2)


def _field(message: Any, name: str, data: bytes) -> bytes:
    return b"".join((_tag(message, name), varint(len(data)), data))


def _bytes(message: Any, value: Json) -> bytes:
    found: bytes = filled(message, value).SerializeToString(deterministic=True)
    return found


def filled(message: Any, value: Json) -> Any:
    """`message` with what `value` says; returns it."""
    for url in _types(value):
        _known(url.rpartition("/")[2])
    ParseDict(dict(value), message)
    return message


def _types(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if "@type" in value:
            yield value["@type"]
        for each in value.values():
            yield from _types(each)
    elif isinstance(value, list):
        for each in value:
            yield from _types(each)


@lru_cache(maxsize=1024)
def _known(name: str) -> None:
    """Loads the modules of a message's package: only then the library knows the message."""
    package = import_module(name.rpartition(".")[0])
    for module in pkgutil.iter_modules(package.__path__):
        if module.name.endswith("_pb2"):
            import_module(f"{package.__name__}.{module.name}")


class Trees:
    """Writes trees that share actions."""

    def __init__(self) -> None:
        self._known: dict[int, bytes] = {}

    def matcher(self, value: Json) -> bytes:
        """One tree; `value` must live as long as this."""
        return b"".join(
            _field(Matcher, name, self._part(name, part)) for name, part in value.items()
        )

    def _part(self, name: str, value: Any) -> bytes:
        match name:
            case "matcher_tree":
                return self._tree(value)
            case "matcher_list":
                listed = map(self._listed, value["matchers"])
                return b"".join(_field(Matcher.MatcherList, "matchers", one) for one in listed)
            case "on_no_match":
                return self._done(value)
        raise AssertionError(name)

    def _tree(self, value: Json) -> bytes:
        (kind,) = value.keys() - {"input"}
        entries = b"".join(self._entry(*one) for one in sorted(value[kind]["map"].items()))
        bare = _bytes(Matcher.MatcherTree(), {"input": value["input"]})
        return bare + _field(Matcher.MatcherTree, kind, entries)

    def _entry(self, key: str, done: Json) -> bytes:
        pair = Matcher.MatcherTree.MatchMap.MapEntry
        entry = _field(pair, "key", key.encode()) + _field(pair, "value", self._done(done))
        return _field(Matcher.MatcherTree.MatchMap, "map", entry)

    def _listed(self, value: Json) -> bytes:
        kind = Matcher.MatcherList.FieldMatcher
        bare = _bytes(kind(), {"predicate": value["predicate"]})
        return bare + _field(kind, "on_match", self._done(value["on_match"]))

    def _done(self, value: Json) -> bytes:
        """What is done on a match."""
        known = self._known.get(id(value))
        if known is None:
            known = self._known[id(value)] = self._written(value)
        return known

    def _written(self, value: Json) -> bytes:
        if "matcher" in value:
            return _field(Matcher.OnMatch, "matcher", self.matcher(value["matcher"]))
        try:
            return _bytes(Matcher.OnMatch(), value)
        except (ParseError, ImportError):
            # It has something of Envoy 1.40, which the slower library knows.
            action = bytes(Newer.from_dict(dict(value["action"])))
            return _field(Matcher.OnMatch, "action", action)
