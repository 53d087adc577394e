"""The kinds of value that gateway.yaml knows, each checked where it is read."""

import re
from collections.abc import Callable
from typing import Annotated, Any

from pydantic import (
    BeforeValidator,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    WithJsonSchema,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from extproc.config.base import flaw

DURATION = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,6})?)(ms|s|m|h|d)")
SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3_600.0, "d": 86_400.0}
SIZE = re.compile(r"([0-9]{1,12})\s?(B|KiB|MiB|GiB|kB|KB|MB|GB)?")
BYTES = {
    None: 1,
    "B": 1,
    "KiB": 1024,
    "MiB": 1024**2,
    "GiB": 1024**3,
    "kB": 1000,
    "KB": 1000,
    "MB": 1000**2,
    "GB": 1000**3,
}
ENVIRONMENT_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")


def words(expression: str) -> Callable[[Any], None]:
    """Puts `expression` into the JSON Schema."""
    return lambda schema: schema.update(pattern=f"^(?:{expression})$")


class Checked:
    """Text that `check` takes; what it takes fits `expression`, which the JSON Schema says."""

    def __init__(self, check: Callable[[str], str], expression: str) -> None:
        self._check = check
        self._expression = expression

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self._check, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        found = handler(schema)
        words(self._expression)(found)
        return found


def pattern(expression: str, message: str) -> Checked:
    """Text that fits `expression` as a whole; `message` says so in words."""
    compiled = re.compile(expression)

    def check(value: str) -> str:
        if compiled.fullmatch(value) is None:
            raise flaw(message)
        return value

    return Checked(check, expression)


def seconds(value: object) -> float:
    """`500ms`, `60s`, `2m`, `1.5h`, `1d` → seconds, more than 0 and at most 365 days."""
    found = DURATION.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise flaw("must be a duration: a number and ms, s, m, h or d, such as 60s")
    duration = float(found[1]) * SECONDS[found[2]]
    if not 0 < duration <= 365 * 86_400:
        raise flaw("must be more than 0s and at most 365d")
    return duration


def size(value: object) -> int:
    """`1048576` or `50MiB` → bytes."""
    found = SIZE.fullmatch(str(value)) if isinstance(value, int | str) else None
    if found is None or isinstance(value, bool):
        raise flaw("must be a number of bytes or a size such as 50MiB")
    return int(found[1]) * BYTES[found[2]]


def listed(value: object) -> object:
    """One value where a list may stand is the list of it."""
    return value if isinstance(value, list | tuple) else (value,)


def one_or_more(item: Any, most: int, least: int = 1) -> BeforeValidator:
    """One `item`, or a list of `least` to `most` of them."""
    several = Annotated[list[item], Field(min_length=least, max_length=most)]
    return BeforeValidator(listed, json_schema_input_type=item | several)


Duration = Annotated[
    float,
    BeforeValidator(seconds),
    WithJsonSchema(
        {"type": "string", "pattern": f"^(?![0.]+[a-z]){DURATION.pattern}$", "examples": ["60s"]}
    ),
]
"""Seconds; written with a unit."""

Size = Annotated[
    int,
    BeforeValidator(size),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer", "minimum": 0},
                {"type": "string", "pattern": f"^{SIZE.pattern}$"},
            ],
            "examples": ["50MiB"],
        }
    ),
]
"""Bytes; written as a number or with a unit."""

Flag = Annotated[bool, Field(strict=True)]
Whole = Annotated[int, Field(strict=True)]
Real = Annotated[float, Field(strict=True)]
Port = Annotated[Whole, Field(ge=0, le=65_535)]
"""0: the system chooses."""


class SecretRef(str):
    """Where a secret is: `env:NAME` or `file:/path`; the secret itself is never here."""

    __slots__ = ()

    @classmethod
    def parse(cls, value: str) -> "SecretRef":
        """Checks the form; raises without the value, which may be the secret."""
        kind, _, rest = value.partition(":")
        if kind == "env" and ENVIRONMENT_NAME.fullmatch(rest):
            return cls(value)
        if kind == "file" and len(rest) > 1 and rest.startswith("/"):
            return cls(value)
        raise flaw("a secret is named, never written here: env:NAME or file:/path")

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(cls.parse, core_schema.str_schema())

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {
            "type": "string",
            "pattern": "^(?:env:[A-Za-z_][A-Za-z0-9_]{0,127}|file:/.+)$",
            "examples": ["env:OPENAI_API_KEY", "file:/run/secrets/openai"],
        }


NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}"
Name = Annotated[
    str,
    pattern(NAME, "must be a name: up to 63 letters, digits, '.', '_' and '-'"),
]
"""What a person calls a thing."""

CLIENT = r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,127}"
ClientName = Annotated[
    str,
    pattern(
        CLIENT, "must be a client's name: up to 128 letters, digits, '.', '_', '@', '+' and '-'"
    ),
]
CALLER = r"[A-Za-z0-9][A-Za-z0-9._@+|/:-]{0,127}"
Caller = Annotated[
    str,
    pattern(CALLER, "must be a client's name: up to 128 letters, digits and signs of ._@+|/:-"),
]
"""A client's name, as an issuer of tokens may have made it, too."""
GROUP = "group:"
"""How the name of several clients begins, where one client may be named, too."""
ClientOrGroup = Annotated[
    str,
    pattern(rf"(?!{GROUP}){CALLER}|{GROUP}{NAME}", f"must be a client's name, or {GROUP}NAME"),
    Field(examples=["team-a", f"{GROUP}research"]),
]

DOTTED = r"[^.]+(?:\.[^.]+)*"
"""Names joined by dots."""

SEGMENT = r"[A-Za-z0-9](?:[A-Za-z0-9._:-]{0,126}[A-Za-z0-9])?"
BUCKET = r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](?:/[A-Za-z0-9!_.*'()-]{1,200}){0,8}/?"
Bucket = Annotated[
    str,
    pattern(BUCKET, "must be s3://, a bucket's name and perhaps a folder"),
]
"""A place in S3. https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html"""

Segment = Annotated[
    str,
    pattern(SEGMENT, "must be letters, digits, '.', '_', ':' and '-', for it stands in a URL"),
]
"""Text that becomes a part of a host name or of one path segment."""

FilePath = Annotated[
    str,
    pattern(
        r"[^\x00-\x1f\x7f]{1,4096}",
        "must be the path of a file, without line breaks or control characters",
    ),
]
"""A file on the machine that uses it."""

Text = Annotated[
    str, Field(min_length=1, max_length=4_096, json_schema_extra=words(r"[^\x00-\x1f\x7f]*"))
]
