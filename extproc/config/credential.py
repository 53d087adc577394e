"""How a backend's requests prove who sends them: one of a few shapes, told apart by their key."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag

from extproc.config.base import Model, flaw
from extproc.config.values import Flag, SecretRef, Segment, Text, Whole, listed, pattern
from extproc.config.web import BaseUrl, HeaderName


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


ExternalId = Annotated[
    str, pattern(r"[A-Za-z0-9_+=,.@:/-]{2,1224}", "must be 2 to 1224 letters, digits or _+=,.@:/-")
]


class AwsOptions(Model):
    """Which AWS identity signs; empty: the SDK's own chain (environment, files, web identity, SSO,
    container, instance)."""

    profile: Text | None = None
    """A profile of the AWS configuration files."""
    role_arn: RoleArn | None = None
    """A role to assume with the identity."""
    session_name: SessionName | None = None
    """The name of the assumed role's session, seen in CloudTrail; default `extproc`."""
    external_id: ExternalId | None = None
    """What the role's trust policy asks for; together with `role_arn`."""
    sts_endpoint: BaseUrl | None = None
    """Where the role is assumed; default: the region's own."""
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


Email = Annotated[
    str, pattern(r"[A-Za-z0-9._-]{1,100}@[A-Za-z0-9.-]{1,200}", "must be a service account's email")
]


class GcpOptions(Model):
    """Which Google identity; empty: the application default credentials."""

    service_account: SecretRef | None = None
    """Where a service account's JSON key is, or another of Google's JSON files of credentials, such
    as that of a workload identity federation."""
    access_token: SecretRef | None = None
    """Where an access token is that something else keeps fresh."""
    impersonate: Email | None = None
    """The service account in whose name the identity asks."""


class Gcp(Model):
    """An OAuth token of Google Cloud."""

    gcp: GcpOptions
    """The identity; `{}` for the application default credentials."""


def _authority(url: str) -> str:
    """An address to which a secret may be sent."""
    if not url.startswith("https://"):
        raise flaw("must begin with https://")
    return url


class EntraOptions(Model):
    """Which Microsoft Entra identity; empty: the SDK's own chain (environment, workload identity,
    managed identity, developer's tools)."""

    tenant_id: Segment | None = None
    """The directory of the application."""
    client_id: Segment | None = None
    """The application, or the user-assigned managed identity."""
    client_secret: SecretRef | None = None
    """Where the application's secret is; needs `tenant_id` and `client_id`."""
    certificate: SecretRef | None = None
    """Where the application's certificate and its private key are, as PEM; needs `tenant_id` and
    `client_id`."""
    certificate_password: SecretRef | None = None
    """Where the password of the private key is."""
    federated_token: SecretRef | None = None
    """Where a token is that Entra exchanges (workload identity); needs `tenant_id`, `client_id`."""
    managed_identity: Flag = False
    """True: the machine's managed identity and nothing else; the one of `client_id` if given."""
    cloud: Literal["public", "government", "china"] = "public"
    """The cloud whose directory and whose scope are meant."""
    scope: Text | None = None
    """What the token is for; default: the Azure AI services of the cloud."""
    authority: Annotated[BaseUrl, AfterValidator(_authority)] | None = None
    """Where the directory is; default: the cloud's own."""


class Entra(Model):
    """An OAuth token of Microsoft Entra."""

    entra: EntraOptions
    """The identity; `{}` for the SDK's own chain."""


def _named(value: str) -> str:
    return SecretRef.parse(value) if value.startswith(("env:", "file:")) else value


class OAuthOptions(Model):
    """A client that gets its tokens from an OAuth server (RFC 6749, section 4.4)."""

    token_url: BaseUrl
    """Where tokens are given."""
    client_id: Annotated[Text, AfterValidator(_named)] | None = None
    """The client, or where its name is; together with `client_secret`."""
    client_secret: SecretRef | None = None
    """Where the client's secret is; together with `client_id`."""
    apikey: SecretRef | None = None
    """Where an API key is that IBM's IAM exchanges for tokens; instead of a client."""
    scope: Text | None = None
    """What the token is for, words with spaces between them."""
    audience: Text | None = None
    """Whom the token is for, where the server asks for that."""
    auth_style: Literal["header", "body"] = "header"
    """Where the client's secret stands: in HTTP's Basic authentication, or in the form."""


class OAuth(Model):
    """An OAuth token, sent as a bearer token."""

    oauth: OAuthOptions
    """Who asks for tokens, and where."""


SDKS = {"aws": "botocore", "gcp": "google.auth", "entra": "azure.identity"}
"""Kind of credential → the package that keeps it fresh."""
EXTRAS = {"aws": "aws", "gcp": "google", "entra": "azure"}
"""Kind of credential → the extra that installs the package."""

KINDS = ("api_key", "aws", "gcp", "entra", "oauth", "header")
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
    | Annotated[Entra, Tag("<entra>")]
    | Annotated[OAuth, Tag("<oauth>")],
    _choice(),
]


class AwsHeaders(Model):
    """The client's headers that hold the parts of an AWS credential."""

    access_key_id: HeaderName
    """The header of the access key's id."""
    secret_access_key: HeaderName
    """The header of its secret."""
    session_token: HeaderName | None = None
    """The header of the token of temporary credentials."""


HeaderNames = Annotated[
    Annotated[HeaderName, Tag("<name>")] | Annotated[AwsHeaders, Tag("<parts>")],
    Discriminator(lambda value: "<name>" if isinstance(value, str) else "<parts>"),
]


class FromRequest(Model):
    """A credential that comes with each request."""

    header: HeaderNames
    """The client's header that holds it, or for AWS those of its parts; removed before the request
    goes to the provider."""
    fallback: Fallback | None = None
    """For requests without that header; left out: they are refused with 401."""


Credential = Annotated[
    Annotated[Literal["none", "forward"], Tag("<word>")]
    | Annotated[ApiKey, Tag("<api_key>")]
    | Annotated[Aws, Tag("<aws>")]
    | Annotated[Gcp, Tag("<gcp>")]
    | Annotated[Entra, Tag("<entra>")]
    | Annotated[OAuth, Tag("<oauth>")]
    | Annotated[FromRequest, Tag("<header>")],
    _choice(),
]
"""`none`, `forward` (the client's own), or a mapping with exactly one kind."""


def is_static(credential: object) -> bool:
    """Whether it is what its references say, and nobody has to be asked for it."""
    if isinstance(credential, Aws):
        options = credential.aws
        return options.bearer is not None or (
            options.access_key_id is not None and options.role_arn is None
        )
    if isinstance(credential, Gcp):
        return credential.gcp.access_token is not None
    return not isinstance(credential, Entra | OAuth)
