"""Flags of features in beta go to the hosts that know them, and what is lost is named."""

from providers.dialects.anthropic.messages import hosted
from providers.dialects.bedrock.converse import DIALECT as CONVERSE

SAID = {
    "anthropic-beta": "context-1m-2025-08-07, effort-2025-11-24,prompt-caching-scope-2026-01-05"
}
LOST = ["anthropic-beta.effort-2025-11-24", "anthropic-beta.prompt-caching-scope-2026-01-05"]


def test_vertex_gets_the_flags_that_it_knows():
    assert hosted.VERTEX.fit_headers({}, SAID, frozenset()) == (
        {"anthropic-beta": "context-1m-2025-08-07"},
        LOST,
    )
    assert hosted.VERTEX.fit_headers({}, {}, frozenset()) == ({}, [])


def test_a_header_of_unknown_flags_alone_is_removed():
    fitted, _ = hosted.VERTEX.fit_headers({}, {"anthropic-beta": "effort-2025-11-24"}, frozenset())
    assert fitted == {"anthropic-beta": ""}


def test_counting_at_vertex_knows_no_web_search():
    said = {"anthropic-beta": "web-search-2025-03-05"}
    assert hosted.VERTEX.fit_headers({}, said, frozenset()) == ({}, [])
    assert hosted.VERTEX_COUNT.fit_headers({}, said, frozenset())[0] == {"anthropic-beta": ""}


def test_a_flag_goes_with_its_member():
    said = {"anthropic-beta": "context-management-2025-06-27,context-1m-2025-08-07"}
    fitted, lost = hosted.FOUNDRY.fit_headers({}, said, {"context_management"})
    assert fitted == {"anthropic-beta": "context-1m-2025-08-07"}
    assert lost == ["anthropic-beta.context-management-2025-06-27"]
    assert hosted.FOUNDRY.fit_headers({}, said, frozenset()) == ({}, [])


def test_what_bedrock_is_not_told_is_named():
    assert hosted.BEDROCK.fit_headers({}, SAID, frozenset()) == ({}, LOST[1:])
    assert CONVERSE.fit_headers({}, SAID, frozenset()) == ({}, LOST[1:])
