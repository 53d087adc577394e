"""Each vendor's subset of JSON Schema, with where its facts come from."""

import re

import msgspec

from providers.neutral.schemas.subset import Schemas, Subset

BOUNDS = frozenset({"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"})
REFERRED = frozenset({"$defs", "definitions", "$ref"})
SCALARS = (str, int, float, bool, type(None))

OBJECTS = Subset(name="objects", object_root=True)
"""Any schema of an object.

"input_schema does not support oneOf, allOf, or anyOf at the top level", Anthropic says
(https://github.com/anthropics/claude-code/issues/5319), and OpenAI much the same."""

OPENAI = Subset(name="openai", object_root=True, items=True)
"""Without `strict`: "array schema missing items" is what OpenAI still refuses, and a root that is
no object (https://community.openai.com/t/array-schema-missing-items/866146, checked 2026-11)."""

OPENAI_STRICT = Subset(
    name="openai strict",
    keywords=BOUNDS | REFERRED | {"pattern", "format", "minItems", "maxItems", "const", "title"},
    formats=frozenset(
        {
            "date-time",
            "time",
            "date",
            "duration",
            "email",
            "hostname",
            "ipv4",
            "ipv6",
            "uuid",
        }
    ),
    # "Invalid schema: regex lookaround is not supported"
    patterns=re.compile(r"\(\?[=!<]"),
    closed=True,
    all_required=True,
    typed=True,
    enums=SCALARS,
    lone_references=True,
    object_root=True,
    items=True,
    most_properties=5_000,
    most_depth=10,
)
"""https://platform.openai.com/docs/guides/structured-outputs#supported-schemas (checked 2026-11);
what may stand beside a reference: `openai.lib._pydantic.to_strict_json_schema`."""

CLAUDE_STRICT = Subset(
    name="claude strict",
    keywords=REFERRED | {"format", "minItems", "const", "title", "default"},
    formats=frozenset(
        {
            "date-time",
            "time",
            "date",
            "duration",
            "email",
            "hostname",
            "uri",
            "ipv4",
            "ipv6",
            "uuid",
        }
    ),
    closed=True,
    typed=True,
    enums=SCALARS,
    most_min_items=1,
    lone_references=True,
    recursive=False,
    object_root=True,
    most_optional=24,
    most_unions=16,
)
"""https://platform.claude.com/docs/en/build-with-claude/structured-outputs#json-schema-limitations
and `anthropic.lib._parse.transform_schema`, which leaves `pattern` out as well (checked 2026-11).
Bedrock takes the same of all models:
https://docs.aws.amazon.com/bedrock/latest/userguide/structured-output.html"""

NOVA_TOOLS = Subset(
    name="nova tools",
    root_keywords=frozenset({"type", "properties", "required"}),
    object_root=True,
    references=False,
)
"""Of a tool's schema Nova takes three members at the root
(https://docs.aws.amazon.com/nova/latest/userguide/tool-use-definition.html, checked 2026-11)."""

GEMINI = Subset(
    name="gemini",
    keywords=REFERRED
    | {
        "$id",
        "$anchor",
        "format",
        "title",
        "prefixItems",
        "minItems",
        "maxItems",
        "minimum",
        "maximum",
        "additionalProperties",
        "propertyOrdering",
    },
    enums=(str, int, float),
    lone_references=True,
    recursive=False,
    unrolls=True,
)
"""What Google's `responseJsonSchema` says of itself; other keywords are ignored there
(https://ai.google.dev/api/generate-content#generationconfig, checked 2026-11). Its references to
themselves stand only where nothing is required, so that they are unrolled here."""

GEMINI_TOOLS = msgspec.structs.replace(GEMINI, name="gemini tools", object_root=True)
""""functionDeclaration parameters schema should be of type OBJECT" is what it says of others."""

COHERE = Subset(
    name="cohere",
    keywords=REFERRED | {"format", "pattern", "const", "title", "default"},
    formats=frozenset({"date-time", "uuid", "date", "time"}),
    patterns=re.compile(r"[\^$]|\(\?[=!]"),
    unions=False,
    one_required=True,
    typed=True,
    recursive=False,
    object_root=True,
)
"""https://docs.cohere.com/v2/docs/structured-outputs#unsupported-schema-features (checked 2026-11):
no composition, no bounds, no lengths, no `additionalProperties`, a required member in each object.
"""

OLLAMA_TOOLS = Subset(
    name="ollama tools",
    keywords=frozenset({"$defs", "$ref"}),
    object_root=True,
    lone_references=True,
    recursive=False,
    unrolls=True,
)
"""What the server's types hold of a tool; it leaves out the rest without a word
(https://github.com/ollama/ollama/blob/main/api/types.go, `ToolProperty`, checked 2026-11)."""

GRAMMAR = Subset(name="grammar", patterns=re.compile(r"\A(?!\^)|(?<!\$)\Z"))
"""Ollama's `format` becomes a grammar of llama.cpp's, which knows most of JSON Schema, but only
patterns from `^` to `$`
(https://github.com/ggml-org/llama.cpp/blob/master/grammars/README.md, checked 2026-11)."""

OPENAI_COMPATIBLE = Schemas(tools=OPENAI, strict_tools=OPENAI_STRICT, strict_output=OPENAI_STRICT)
"""Servers that speak OpenAI's format: who knows `strict` demands no less than OpenAI."""
OF_OPENAI = Schemas(
    tools=OPENAI,
    strict_tools=OPENAI_STRICT,
    output=OPENAI,
    strict_output=OPENAI_STRICT,
    strict_by_default=True,
)
OF_CLAUDE = Schemas(tools=OBJECTS, strict_tools=CLAUDE_STRICT, output=CLAUDE_STRICT)
OF_NOVA = Schemas(tools=NOVA_TOOLS, strict_tools=NOVA_TOOLS)
OF_GEMINI = Schemas(tools=GEMINI_TOOLS, output=GEMINI)
OF_COHERE = Schemas(tools=OBJECTS, strict_tools=COHERE, output=COHERE)
OF_OLLAMA = Schemas(tools=OLLAMA_TOOLS, output=GRAMMAR)
