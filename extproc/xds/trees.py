"""Plain data as Envoy's messages; what stands in several places of a tree is written once."""

import pkgutil
from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib import import_module
from typing import Any

# A map of 10,000 models takes the library that `render` is written with seconds. It knows fields of
# Envoy 1.40 that this one lacks, and so writes the few actions that have one.
from envoy.config.route.v3 import route_pb2
from envoy_data_plane.xds.core.v3 import TypedExtensionConfig as Newer
from google.protobuf.json_format import ParseDict, ParseError
from xds.type.matcher.v3 import matcher_pb2

Json = Mapping[str, Any]


def routes(configuration: Json) -> bytes:
    """A RouteConfiguration, each virtual host of which decides by a matcher tree."""
    hosts = configuration["virtual_hosts"]
    bare = [{name: value for name, value in host.items() if name != "matcher"} for host in hosts]
    found = filled(route_pb2.RouteConfiguration(), {**configuration, "virtual_hosts": bare})
    trees = Trees()
    for host, made in zip(hosts, found.virtual_hosts, strict=True):
        made.matcher.CopyFrom(trees.matcher(host["matcher"]))
    whole: bytes = found.SerializeToString(deterministic=True)
    return whole


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

    def matcher(self, value: Json) -> matcher_pb2.Matcher:
        """One tree; `value` must live as long as this."""
        found = matcher_pb2.Matcher()
        for name, part in value.items():
            match name:
                case "matcher_tree":
                    self._tree(found.matcher_tree, part)
                case "matcher_list":
                    for each in part["matchers"]:
                        self._listed(found.matcher_list.matchers.add(), each)
                case "on_no_match":
                    found.on_no_match.MergeFromString(self._done(part))
                case _:
                    raise AssertionError(name)
        return found

    def _tree(self, found: Any, value: Json) -> None:
        filled(found.input, value["input"])
        (kind,) = value.keys() - {"input"}
        entries = getattr(found, kind).map
        for key, done in value[kind]["map"].items():
            entries[key].MergeFromString(self._done(done))

    def _listed(self, found: Any, value: Json) -> None:
        filled(found.predicate, value["predicate"])
        found.on_match.MergeFromString(self._done(value["on_match"]))

    def _done(self, value: Json) -> bytes:
        """What is done on a match."""
        known = self._known.get(id(value))
        if known is None:
            known = self._known[id(value)] = self._written(value).SerializeToString(
                deterministic=True
            )
        return known

    def _written(self, value: Json) -> Any:
        found = matcher_pb2.Matcher.OnMatch()
        ((name, part),) = value.items()
        if name == "matcher":
            found.matcher.CopyFrom(self.matcher(part))
            return found
        try:
            filled(found.action, part)
        except ParseError:
            found.action.ParseFromString(bytes(Newer.from_dict(dict(part))))
        return found
