"""Envoy's matcher trees, as plain data: a map of 10,000 models refers to the same few actions."""

from collections.abc import Mapping

from betterproto2 import Message
from envoy_data_plane.envoy.type.matcher.v3 import HttpRequestHeaderMatchInput
from envoy_data_plane.xds.core.v3 import TypedExtensionConfig
from envoy_data_plane.xds.type.matcher.v3 import (
    MatcherMatcherListPredicate,
    MatcherMatcherListPredicateSinglePredicate,
    RegexMatcher,
    RegexMatcherGoogleRe2,
    StringMatcher,
)

from extproc.render.typed import Json, packed, plain


def action(name: str, message: Message) -> Json:
    """What is done on a match."""
    return {"action": plain(TypedExtensionConfig(name=name, typed_config=packed(message)))}


def nested(matcher: Json) -> Json:
    """Another matcher decides."""
    return {"matcher": matcher}


def exactly(header: str, actions: Mapping[str, Json], otherwise: Json) -> Json:
    """The header's whole value decides."""
    return _tree(header, "exact_match_map", actions, otherwise)


def longest_prefix(header: str, actions: Mapping[str, Json], otherwise: Json) -> Json:
    """The longest prefix of the header's value decides."""
    return _tree(header, "prefix_match_map", actions, otherwise)


def first_expression(header: str, actions: Mapping[str, Json], otherwise: Json) -> Json:
    """The first RE2 expression that fits the header's whole value decides."""
    if not actions:
        return _only(otherwise)
    matchers = [
        {"predicate": plain(_expression(header, expression)), "on_match": done}
        for expression, done in actions.items()
    ]
    return {"matcher_list": {"matchers": matchers}, "on_no_match": otherwise}


def header_is(header: str, value: str) -> Json:
    """A predicate: the header's whole value."""
    return plain(
        MatcherMatcherListPredicate(
            single_predicate=MatcherMatcherListPredicateSinglePredicate(
                input=_input(header), value_match=StringMatcher(exact=value)
            )
        )
    )


def _tree(header: str, kind: str, actions: Mapping[str, Json], otherwise: Json) -> Json:
    if not actions:
        return _only(otherwise)
    return {
        "matcher_tree": {"input": plain(_input(header)), kind: {"map": dict(actions)}},
        "on_no_match": otherwise,
    }


def _only(otherwise: Json) -> Json:
    matcher: Json = otherwise.get("matcher", {"on_no_match": otherwise})
    return matcher


def _input(header: str) -> TypedExtensionConfig:
    return TypedExtensionConfig(
        name=header, typed_config=packed(HttpRequestHeaderMatchInput(header_name=header))
    )


def _expression(header: str, expression: str) -> MatcherMatcherListPredicate:
    return MatcherMatcherListPredicate(
        single_predicate=MatcherMatcherListPredicateSinglePredicate(
            input=_input(header),
            value_match=StringMatcher(
                safe_regex=RegexMatcher(google_re2=RegexMatcherGoogleRe2(), regex=expression)
            ),
        )
    )
