"""How a backend's requests prove who sends them: one of a few shapes, told apart by their key."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag

from extproc.config.base import Model
from extproc.config.values import SecretRef, Segment, Text, Whole, listed, pattern
from extproc.config.web import HeaderName


class PooledKey(Model):
    """One key of several that share the load."""

    ref: SecretRef
    """Where the key is: `env:NAME` or `file:/path`."""
    weight: Annotated[Whole, Field(ge=1, le=1_000)] = 1
    """Its share of the requests, relative to the other keys'."""


def _pooled(value: object) -> object:
    return [{"ref": item} if isinstance(item, str) else item for item in _items(value)]


def _items(value: object) -> list[Any]:
    items = listed(value)
    return list(items) if isinstance(items, list | tuple) else [items]


KeyPool = Annotated[
    tuple[PooledKey, ...],
    Field(min_length=1, max_length=256),
    BeforeValidator(
        _pooled,
        json_schema_input_type=SecretRef
        | PooledKey
        | Annotated[list[SecretRef | PooledKey], Field(min_length=1, max_length=256)],
    ),
]


class ApiKey(Model):
    """A key, or a pool of them, sent as the provider wants it."""

    api_key: KeyPool
    """`env:NAME`, `file:/path`, or a list of such; in a list also `{ref: …, weight: N}`."""


RoleArn = Annotated[
    str,
    pattern(r"arn:[a-z-]+:iam::[0-9]{12}:role/[A-Za-z0-9+=,.@_/-]{1,576}", "must be a role's ARN"),
]
SessionName = Annotated[
    str, pattern(r"[A-Za-z0-9_+=,.@-]{2,64}", "must be 2 to 64 letters, digits or _+=,.@-")
]


class AwsOptions(Model):
    """Which AWS identity signs; empty: the SDK's own chain (environment, files, instance role)."""

    profile: Text | None = None
    """A profile of the AWS configuration files."""
    role_arn: RoleArn | None = None
    """A role to assume with the identity."""
    session_name: SessionName | None = None
    """The name of the assumed role's session, seen in CloudTrail; default `extproc`."""
    access_key_id: SecretRef | None = None
    """Where a static access key's id is; together with `secret_access_key`."""
    secret_access_key: SecretRef | None = None
    """Where a static access key's secret is; together with `access_key_id`."""
    session_token: SecretRef | None = None
    """Where the token of temporary credentials is; together with `access_key_id`."""
    bearer: SecretRef | None = None
    """Where an Amazon Bedrock API key is, sent as a bearer token instead of a signature."""


class Aws(Model):
    """Signature version 4, or a Bedrock API key."""

    aws: AwsOptions
    """The identity; `{}` for the AWS SDK's own chain."""


class GcpOptions(Model):
    """Which Google identity; empty: the application default credentials."""

    service_account: SecretRef | None = None
    """Where a service account's JSON key is."""
    access_token: SecretRef | None = None
    """Where an access token is that something else keeps fresh."""


class Gcp(Model):
    """An OAuth token of Google Cloud."""

    gcp: GcpOptions
    """The identity; `{}` for the application default credentials."""


class EntraOptions(Model):
    """Which Microsoft Entra identity; empty: the machine's managed identity."""

    tenant_id: Segment | None = None
    """The directory of the application."""
    client_id: Segment | None = None
    """The application, or the user-assigned managed identity."""
    client_secret: SecretRef | None = None
    """Where the application's secret is; needs `tenant_id` and `client_id`."""
    federated_token: SecretRef | None = None
    """Where a token is that Entra exchanges (workload identity); needs `tenant_id`, `client_id`."""


class Entra(Model):
    """An OAuth token of Microsoft Entra."""

    entra: EntraOptions
    """The identity; `{}` for the machine's managed identity."""


KINDS = ("api_key", "aws", "gcp", "entra", "header")
FORMS = ("none", "forward", *(f"{{{kind}: …}}" for kind in KINDS))


def _tag(value: object) -> str | None:
    """The tag of the shape that `value` has; in angle brackets, which no key has."""
    if isinstance(value, str) and value in ("none", "forward"):
        return "<word>"
    if isinstance(value, dict):
        return next((f"<{kind}>" for kind in KINDS if kind in value), None)
    return next((f"<{kind}>" for kind in KINDS if hasattr(value, kind)), None)


def _choice() -> Discriminator:
    return Discriminator(
        _tag,
        custom_error_type="credential",
        custom_error_message="names no kind of credential",
    )


Fallback = Annotated[
    Annotated[Literal["none", "forward"], Tag("<word>")]
    | Annotated[ApiKey, Tag("<api_key>")]
    | Annotated[Aws, Tag("<aws>")]
    | Annotated[Gcp, Tag("<gcp>")]
    | Annotated[Entra, Tag("<entra>")],
    _choice(),
]


class FromRequest(Model):
    """A credential that comes with each request."""

    header: HeaderName
    """The client's header that holds it; removed before the request goes to the provider."""
    fallback: Fallback | None = None
    """For requests without that header; left out: they are refused with 401."""


Credential = Annotated[
    Annotated[Literal["none", "forward"], Tag("<word>")]
    | Annotated[ApiKey, Tag("<api_key>")]
    | Annotated[Aws, Tag("<aws>")]
    | Annotated[Gcp, Tag("<gcp>")]
    | Annotated[Entra, Tag("<entra>")]
    | Annotated[FromRequest, Tag("<header>")],
    _choice(),
]
"""`none`, `forward` (the client's own), or a mapping with exactly one kind."""
