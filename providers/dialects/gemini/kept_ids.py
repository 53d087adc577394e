"""Where the names of what the Gemini API keeps stand in Google's formats."""

import re

from providers.bridging.kept_ids import Ids

SHAPE = re.compile(
    r"(?:https?://[\w.:-]+/v1\w*/|projects/[\w.:-]+/locations/[\w-]+/)?"
    r"(?P<id>(?:files|cachedContents|batches|batchPredictionJobs)/[\w.~-]+)"
    r"(?::download(?:\?alt=media)?)?",
    re.ASCII,
)
"""A name, on Vertex AI below a project, or the URL of a file."""

# https://ai.google.dev/gemini-api/docs/video
FILM_SHAPE = re.compile(
    r"(?:(?:https?://[\w.:-]+)?/v1\w*/"
    r"|(?:projects/[\w.:-]+/locations/[\w-]+/publishers/google/)?models/[\w.-]+/operations/)?"
    r"(?P<id>(?:files/)?[\w.~-]+)"
    r"(?::download(?:\?alt=media)?)?",
    re.ASCII,
)
"""The name of an operation or of its film, or where that is."""

# Google reads URLs of the web and of its storage, too. Its own host has another name in each of its
# networks (generativelanguage.mtls.googleapis.com).
# https://ai.google.dev/gemini-api/docs/file-input-methods
ELSEWHERE = re.compile(
    r"gs://.*|https?://(?![^/?#]*generativelanguage)[a-z0-9.-]+(?::\d+)?(?:[/?#].*)?",
    re.ASCII | re.IGNORECASE | re.DOTALL,
)

# Protobuf's JSON takes every name in two spellings.
USED = frozenset({"fileUri", "file_uri", "cachedContent", "cached_content"})

ASKED = Ids(
    kind="",
    kinds=frozenset(),
    names=USED,
    apart=frozenset({"args", "response", "parameters", "parametersJsonSchema"}),
    shape=SHAPE,
    elsewhere=ELSEWHERE,
    answers=False,
)
"""In requests for a model."""

SOURCE = frozenset({"fileName", "file_name"})

MADE = Ids(
    kind="",
    kinds=frozenset(),
    names=USED | SOURCE,
    apart=ASKED.apart,
    shape=SHAPE,
    elsewhere=ELSEWHERE,
)
"""In requests about what is kept, which give no name to what they make but to files."""

# What a client has said itself is said again in results, and must not be signed for it.
SHOWN = Ids(
    kind="",
    kinds=frozenset(),
    names=frozenset({"name", "uri", "downloadUri", "fileName", "responsesFile"}),
    apart=frozenset(
        {
            "contents",
            "inlinedEmbedContentResponses",
            "inlinedResponses",
            "requests",
            "systemInstruction",
            "toolConfig",
            "tools",
        }
    ),
    shape=SHAPE,
)
"""In answers about what is kept."""

FILMED = Ids(
    kind="",
    kinds=frozenset(),
    names=frozenset({"name", "operationName", "uri"}),
    shape=FILM_SHAPE,
    elsewhere=re.compile(r"gs://.*", re.DOTALL),
)
"""In requests for films, and in answers to them."""
